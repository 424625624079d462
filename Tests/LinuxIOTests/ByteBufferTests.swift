// SPDX-License-Identifier: Apache-2.0
/// The buffer between a descriptor and a parser: bounds, growth, and that no byte is lost or doubled on the way.

import LinuxIO
import Testing

@Suite("A byte buffer")
struct ByteBufferTests {
    @Test("reads what a pipe holds, then says would-block, then that the writer has closed")
    func receive() throws {
        let buffer = ByteBuffer(limit: 100)
        let reading = try {
            let pipe = try Descriptor.pipe()
            try Descriptor.setNonBlocking(pipe.reading.raw)
            try File.write(pipe.writing.raw, bytes("hello").span)
            #expect(buffer.receive(from: pipe.reading.raw) == .bytes(5))
            #expect(buffer.receive(from: pipe.reading.raw) == .wouldBlock)
            return try pipe.keepReading()
        }()
        #expect(buffer.receive(from: reading.raw) == .closed)
        #expect(buffer.withReadable { text($0) } == "hello")
    }

    @Test("reads no more at once than it is told")
    func receiveLimit() throws {
        let pipe = try Descriptor.pipe()
        try File.write(pipe.writing.raw, bytes("hello").span)
        let buffer = ByteBuffer(limit: 100)
        #expect(buffer.receive(from: pipe.reading.raw, limit: 2) == .bytes(2))
        #expect(buffer.withReadable { text($0) } == "he")
    }

    @Test("takes bytes that are written in place as it takes others, up to its limit")
    func appendInPlace() {
        let buffer = ByteBuffer(capacity: 4, limit: 12)
        buffer.append(bytes("ab"))
        let isTaken = buffer.append(count: 8) {
            for index in 0..<$0.byteCount {
                $0.storeBytes(of: 0x63 + UInt8(index), toByteOffset: index, as: UInt8.self)
            }
        }
        #expect(isTaken && buffer.withReadable { text($0) } == "abcdefghij")
        #expect(!buffer.append(count: 3) { _ in Issue.record("there is no room") })
        #expect(buffer.append(count: 2) { $0.storeBytes(of: 0x6C6B, toByteOffset: 0, as: UInt16.self) })
        #expect(buffer.withReadable { text($0) } == "abcdefghijkl")
    }

    @Test("is full at its limit, and reads on once something was consumed")
    func full() throws {
        let pipe = try Descriptor.pipe()
        try File.write(pipe.writing.raw, [UInt8](repeating: 7, count: 100).span)
        let buffer = ByteBuffer(capacity: 8, limit: 50)
        while buffer.count < 50 {
            guard case .bytes = buffer.receive(from: pipe.reading.raw) else { break }
        }
        #expect(buffer.count == 50 && buffer.capacity == 50)
        #expect(buffer.receive(from: pipe.reading.raw) == .full)
        buffer.consume(10)
        #expect(buffer.receive(from: pipe.reading.raw) == .bytes(10))
    }

    @Test(
        "that is read on and on moves a small rest to its front, and grows for a large one",
        arguments: [(8, 64), (24, 128)])
    func readOn(rest: Int, capacity: Int) throws {
        let pipe = try Descriptor.pipe()
        let sent = [UInt8](0..<100)
        try File.write(pipe.writing.raw, sent.span)
        let buffer = ByteBuffer(capacity: 64, limit: 1024)
        #expect(buffer.receive(from: pipe.reading.raw) == .bytes(64))
        buffer.consume(64 - rest)
        #expect(buffer.receive(from: pipe.reading.raw) == .bytes(36))
        #expect(buffer.capacity == capacity)
        #expect(buffer.withReadable { text($0) } == String(decoding: sent[(64 - rest)...], as: UTF8.self))
    }

    @Test("takes an append up to its limit and refuses the one that would pass it")
    func appendLimit() {
        let buffer = ByteBuffer(capacity: 4, limit: 10)
        #expect(buffer.append(bytes("12345678")))
        #expect(!buffer.append(bytes("abc")))
        #expect(buffer.append(bytes("ab")))
        #expect(buffer.withReadable { text($0) } == "12345678ab")
    }

    @Test("writes what it holds to a pipe and forgets it")
    func write() throws {
        let pipe = try Descriptor.pipe()
        let buffer = ByteBuffer(limit: 100)
        buffer.append(bytes("answer"))
        #expect(buffer.write(to: pipe.writing.raw) == .wrote(6))
        #expect(buffer.isEmpty)
        let other = ByteBuffer(limit: 100)
        #expect(other.receive(from: pipe.reading.raw) == .bytes(6))
    }

    @Test("keeps what did not fit into a pipe")
    func writePartly() throws {
        let pipe = try Descriptor.pipe()
        try Descriptor.setNonBlocking(pipe.writing.raw)
        let buffer = ByteBuffer(limit: 1 << 20)
        buffer.append([UInt8](repeating: 1, count: 1 << 20))
        guard case .wrote(let count) = buffer.write(to: pipe.writing.raw) else {
            Issue.record("nothing went out")
            return
        }
        #expect(count > 0 && buffer.count == (1 << 20) - count)
        #expect(buffer.write(to: pipe.writing.raw) == .wouldBlock)
    }

    @Test("says that the reader is gone")
    func brokenPipe() throws {
        Signal.ignoreBrokenPipes()
        let writing = try {
            let pipe = try Descriptor.pipe()
            return try pipe.writing.duplicate()
        }()
        let buffer = ByteBuffer(limit: 100)
        buffer.append(bytes("nobody"))
        #expect(buffer.write(to: writing.raw) == .closed)
        #expect(buffer.count == 6)
    }

    @Test("gives a grown buffer back when it is empty, and not before")
    func shrink() {
        let buffer = ByteBuffer(capacity: 16, limit: 1000)
        buffer.append([UInt8](repeating: 0, count: 500))
        buffer.shrink()
        #expect(buffer.capacity >= 500)
        buffer.consume(500)
        buffer.shrink()
        #expect(buffer.capacity == 16)
    }

    @Test("holds the same bytes as a plain array after any appends and consumptions", arguments: 1...20)
    func model(seed: UInt64) {
        var random = Generator(state: seed)
        let buffer = ByteBuffer(capacity: Int.random(in: 1...64, using: &random), limit: 300)
        var model: [UInt8] = []
        for _ in 0..<2000 {
            if Bool.random(using: &random) {
                let more = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                let taken = buffer.append(more)
                #expect(taken == (model.count + more.count <= 300))
                if taken { model += more }
            } else {
                let count = Int.random(in: 0...model.count, using: &random)
                buffer.consume(count)
                model.removeFirst(count)
            }
            let same = buffer.withReadable { span in
                span.count == model.count && span.indices.allSatisfy { span[$0] == model[$0] }
            }
            #expect(same && buffer.count == model.count)
            if !same { return }
        }
    }
}

/// A small random number generator whose seed stands in the test's name (splitmix64).
struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
