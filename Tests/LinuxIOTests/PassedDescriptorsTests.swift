// SPDX-License-Identifier: Apache-2.0
/// Many descriptors over a stream: in order, with their bytes, and closed when nobody takes them.

import LinuxIO
import Testing

@Suite("Descriptors over a stream")
struct PassedDescriptorsTests {
    @Test("come in their order, over many sends, as many as one may take", arguments: [1, 2, 253])
    func order(each: Int) throws {
        let ends = try SocketPair.make()
        let files = try (0..<3).map { _ in try Kept() }
        let output = ByteBuffer(limit: 1 << 20)
        let input = ByteBuffer(limit: 1 << 20)
        let passed = PassedDescriptors()
        for file in files {
            output.append([UInt8(ascii: "x"), 1])
            #expect(output.send(to: ends.ours.raw, passing: Array(repeating: file.raw, count: each)) == .wrote(2))
        }
        while input.count < 6 { _ = input.receive(from: ends.theirs.raw, adding: passed) }
        for file in files {
            for _ in 0..<each {
                guard let descriptor = passed.take() else {
                    Issue.record("one is missing")
                    return
                }
                #expect(File.identity(of: descriptor.raw)?.inode == file.inode)
            }
        }
        #expect(passed.isEmpty)
    }

    @Test("are there with the first byte of what they were sent with")
    func firstByte() throws {
        let ends = try SocketPair.make()
        let output = ByteBuffer(limit: 1 << 20)
        let large = [UInt8](repeating: 7, count: 1 << 19)
        output.append(large)
        guard case .wrote(let count) = output.send(to: ends.ours.raw, passing: [ends.ours.raw]) else {
            Issue.record("nothing went out")
            return
        }
        #expect(count < large.count)
        #expect(output.send(to: ends.ours.raw, passing: []) == .wouldBlock)
        let input = ByteBuffer(capacity: 1_024, limit: 1 << 20)
        let passed = PassedDescriptors()
        guard case .bytes = input.receive(from: ends.theirs.raw, adding: passed) else {
            Issue.record("nothing came")
            return
        }
        #expect(!passed.isEmpty)
        _ = passed.take()
        #expect(passed.isEmpty)
    }

    @Test("say would-block when nothing is there, and closed behind the last byte")
    func end() throws {
        let input = ByteBuffer(limit: 1_024)
        let passed = PassedDescriptors()
        let theirs: Descriptor
        do {
            let ends = try SocketPair.make()
            #expect(input.receive(from: ends.theirs.raw, adding: passed) == .wouldBlock)
            let output = ByteBuffer(limit: 16)
            output.append([1])
            #expect(output.send(to: ends.ours.raw, passing: []) == .wrote(1))
            theirs = try ends.theirs.duplicate()
        }
        #expect(input.receive(from: theirs.raw, adding: passed) == .bytes(1))
        #expect(input.receive(from: theirs.raw, adding: passed) == .closed)
    }

    @Test("that nobody takes are closed")
    func untaken() throws {
        let ends = try SocketPair.make()
        let pipe = try Descriptor.pipe()
        let reading = try pipe.reading.duplicate()
        try Descriptor.setNonBlocking(reading.raw)
        let output = ByteBuffer(limit: 16)
        output.append([1])
        #expect(output.send(to: ends.ours.raw, passing: [pipe.writing.raw, pipe.writing.raw]) == .wrote(1))
        _ = pipe.takeReading()
        let look = ByteBuffer(limit: 16)
        #expect(look.receive(from: reading.raw) == .wouldBlock)
        do {
            let passed = PassedDescriptors()
            let input = ByteBuffer(limit: 16)
            #expect(input.receive(from: ends.theirs.raw, adding: passed) == .bytes(1))
            #expect(look.receive(from: reading.raw) == .wouldBlock)
        }
        #expect(look.receive(from: reading.raw) == .closed)
    }

    /// A file of which there can be several in an array.
    private final class Kept {
        private let file: MemoryFile
        var raw: CInt { file.descriptor.raw }
        var inode: UInt64? { File.identity(of: raw)?.inode }

        init() throws { file = try MemoryFile(named: "passed", size: 4_096) }
    }
}
