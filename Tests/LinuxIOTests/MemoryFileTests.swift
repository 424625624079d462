// SPDX-License-Identifier: Apache-2.0
/// Memory files: what their seals and their read-only descriptors hold against.

import Glibc
import LinuxIO
import Testing

@Suite("A memory file")
struct MemoryFileTests {
    @Test("can neither grow nor shrink")
    func sealedSize() throws {
        let file = try MemoryFile(named: "size", size: 8192)
        #expect(ftruncate(file.descriptor.raw, 4096) == -1 && errno == EPERM)
        #expect(ftruncate(file.descriptor.raw, 16_384) == -1 && errno == EPERM)
    }

    @Test("can be told by its seals from a file that could shrink under a mapping")
    func seals() throws {
        let file = try MemoryFile(named: "sealed", size: 4096)
        let readOnly = try file.readOnlyDescriptor()
        let ordinary = Descriptor(owning: unsafe open("/proc/self/exe", O_RDONLY | O_CLOEXEC))
        #expect(MemoryFile.isSizeSealed(readOnly.raw))
        #expect(!MemoryFile.isSizeSealed(ordinary.raw))
    }

    @Test("is allocated in full and open to its own user alone")
    func allocated() throws {
        let file = try MemoryFile(named: "allocated", size: 1 << 20)
        var status = stat()
        #expect(unsafe fstat(file.descriptor.raw, &status) == 0)
        #expect(status.st_blocks * 512 == 1 << 20)
        #expect(status.st_mode & 0o7777 == 0o600)
    }

    @Test("of huge pages is allocated in full, all zeros, and as long as it was to be")
    func huge() throws {
        let size = 5 << 20
        let file = try MemoryFile(named: "huge", size: size, huge: true)
        var status = stat()
        #expect(unsafe fstat(file.descriptor.raw, &status) == 0)
        #expect(status.st_blocks * 512 == size)
        let memory = try MemoryFile.map(file.descriptor.raw, writable: false)
        #expect(memory.count == size)
        #expect(memory.withSpan(0, size) { span in span.indices.allSatisfy { span[$0] == 0 } })
    }

    @Test("is mapped where huge pages fit, if it is as long as one")
    func place() throws {
        let file = try MemoryFile(named: "place", size: 3 << 20)
        for _ in 0..<8 {
            let memory = try MemoryFile.map(file.descriptor.raw, writable: true)
            #expect(unsafe Int(bitPattern: memory.base) % (2 << 20) == 0)
        }
    }

    @Test("shows one mapping what another has written")
    func shared() throws {
        let file = try MemoryFile(named: "shared", size: 4096)
        let writer = try MemoryFile.map(file.descriptor.raw, writable: true)
        let readOnly = try file.readOnlyDescriptor()
        let reader = try MemoryFile.map(readOnly.raw, writable: false)
        unsafe writer.base.storeBytes(of: 0x42, toByteOffset: 100, as: UInt8.self)
        #expect(reader.count == 4096)
        #expect(reader.withSpan(100, 1) { $0[0] } == 0x42)
    }

    @Test("can't be mapped writable through its read-only descriptor")
    func readOnly() throws {
        let file = try MemoryFile(named: "read-only", size: 4096)
        let readOnly = try file.readOnlyDescriptor()
        #expect(throws: SystemCallError(call: "mmap", code: EACCES)) {
            _ = try MemoryFile.map(readOnly.raw, writable: true).count
        }
    }

    @Test("that holds given contents shows them and takes no others")
    func contents() throws {
        let file = try MemoryFile.holding(bytes("settled").span, named: "contents")
        let memory = try MemoryFile.map(file.descriptor.raw, writable: false)
        #expect(memory.withSpan(0, memory.count) { text($0) } == "settled")
        #expect(throws: SystemCallError(call: "mmap", code: EPERM)) {
            _ = try MemoryFile.map(file.descriptor.raw, writable: true).count
        }
        #expect(throws: SystemCallError(call: "write", code: EPERM)) {
            try File.write(file.descriptor.raw, bytes("x").span)
        }
    }

    @Test("without contents can't be mapped, and says so")
    func empty() throws {
        let file = try MemoryFile.holding([UInt8]().span, named: "empty")
        #expect(throws: SystemCallError(call: "mmap", code: EINVAL)) {
            _ = try MemoryFile.map(file.descriptor.raw, writable: false).count
        }
    }
}
