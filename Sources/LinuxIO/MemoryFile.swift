// SPDX-License-Identifier: Apache-2.0
/// A file that lives in memory alone (memfd) and is shared by passing its descriptor. Used by Ring for the regions
/// and by Supervision for the settings image, and for inputs that no pipe holds. All of it is allocated at once, so that
/// no later write can fail for space.
/// Invariant: its size never changes (sealed), its mode is 0600, and it can't be executed where the kernel knows how.

internal import CLinux
internal import Glibc

package struct MemoryFile: ~Copyable {
    package let descriptor: Descriptor

    /// `huge`: of huge pages, as far as they are to be had.
    package init(named name: String, size: Int, huge: Bool = false) throws(SystemCallError) {
        let descriptor = Descriptor(owning: try systemCall("memfd_create") { unsafe belfry_memfd_create(name) })
        let raw = descriptor.raw
        try systemCall("fchmod") { fchmod(raw, 0o600) }
        if huge { try HugePages.allocate(raw, size) }
        if size > 0 { try systemCall("fallocate") { belfry_allocate(raw, UInt64(size)) } }
        try systemCall("seal") { belfry_add_seals(raw, belfry_seal_geometry) }
        self.descriptor = descriptor
    }

    /// Takes over one that somebody else has made.
    /// - Throws: EINVAL if its size could change: a mapping of it could fault.
    package init(owning descriptor: consuming Descriptor) throws(SystemCallError) {
        guard MemoryFile.isSizeSealed(descriptor.raw) else { throw SystemCallError(call: "memory file", code: EINVAL) }
        self.descriptor = descriptor
    }

    /// A file that holds these bytes and no others for ever.
    package static func holding(
        _ contents: borrowing Span<UInt8>, named name: String
    ) throws(SystemCallError) -> MemoryFile {
        let file = try MemoryFile(named: name, size: contents.count)
        if !contents.isEmpty {
            let memory = try MemoryFile.map(file.descriptor.raw, writable: true)
            // Holds: the mapping is exactly as long as the contents.
            unsafe contents.withUnsafeBytes {
                unsafe memory.base.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
        }
        try file.sealContents()
        return file
    }

    package consuming func takeDescriptor() -> Descriptor { descriptor }

    /// A second descriptor that can't be mapped writable. (The same uid could still open the file anew.)
    package borrowing func readOnlyDescriptor() throws(SystemCallError) -> Descriptor {
        try MemoryFile.readOnlyDescriptor(descriptor.raw)
    }

    package static func readOnlyDescriptor(_ raw: CInt) throws(SystemCallError) -> Descriptor {
        Descriptor(
            owning: try systemCall("open read-only") { unsafe open("/proc/self/fd/\(raw)", O_RDONLY | O_CLOEXEC) })
    }

    /// Whether a file that somebody else has made is one whose size is sealed: a mapping of any other can fault.
    package static func isSizeSealed(_ raw: CInt) -> Bool {
        let seals = belfry_get_seals(raw)
        return seals >= 0 && seals & belfry_seal_geometry == belfry_seal_geometry
    }

    /// From here on nobody writes to it, neither by mapping nor by call. Fails while a writable mapping exists.
    package borrowing func sealContents() throws(SystemCallError) {
        let raw = descriptor.raw
        try systemCall("seal") { belfry_add_seals(raw, belfry_seal_contents) }
    }

    /// Maps all of a file by its own size.
    package static func map(_ raw: CInt, writable: Bool) throws(SystemCallError) -> MappedMemory {
        var status = stat()
        try systemCall("fstat") { unsafe fstat(raw, &status) }
        let count = Int(status.st_size)
        guard count > 0 else { throw SystemCallError(call: "mmap", code: EINVAL) }
        let base = unsafe try HugePages.map(raw, count, writable ? PROT_READ | PROT_WRITE : PROT_READ)
        return unsafe MappedMemory(base: base, count: count, writable: writable)
    }
}
