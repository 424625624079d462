// SPDX-License-Identifier: Apache-2.0
/// What a worker keeps for one stream process at its two pipes: lines on their way in, replies on their way out.
///
/// The test holds the other end of each pipe.
/// Invariant: every pipe is closed with its test.

import LinuxIO
import Testing

@testable import Delivery

@Suite("A stream process's pipes")
struct PipeTests {
    @Test("lines that never run out are kept only as far as they wait")
    func slowReader() throws {
        let pipe = try Descriptor.pipe()
        try Descriptor.setNonBlocking(pipe.writing.raw)
        let reader = ByteBuffer(capacity: 8_192, limit: 8_192)
        let line = [UInt8](repeating: 0x61, count: 4_096)
        let outlet = StreamOutlet()
        var most = 0
        for _ in 0..<2_000 {
            while !outlet.isFull { outlet.bytes.append(line) }
            _ = outlet.flush(to: pipe.writing.raw)
            most = max(most, outlet.bytes.capacity)
            _ = reader.receive(from: pipe.reading.raw, limit: 4_096)
            reader.consume(reader.count)
            outlet.unblock()
        }
        #expect(most <= 1 << 18)
    }

    @Test("a process that never stops writing is left after a while, and read on later")
    func endlessReplies() throws {
        let pipe = try Descriptor.pipe()
        try Descriptor.setNonBlocking(pipe.reading.raw)
        let (replies, line) = (ReplyReader(log: 1), Array("y\n".utf8))
        var count = 0
        // Each line that is taken is followed by another one.
        func more() { _ = Descriptor.write(pipe.writing.raw, line.span) }
        more()
        let end = replies.read(from: pipe.reading.raw, atMost: 65_536) { _, _ in
            count += 1
            if count < 1_000_000 { more() }
        }
        #expect(end == .moreLater && count < 1_000_000)
        _ = replies.read(from: pipe.reading.raw, atMost: 65_536) { _, _ in count = 1_000_000 }
        #expect(count == 1_000_000)
    }
}
