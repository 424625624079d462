// SPDX-License-Identifier: Apache-2.0
/// Packets between two ends, with and without a descriptor.

import LinuxIO
import Testing

@Suite("A packet channel")
struct SeqPacketChannelTests {
    @Test("brings packets whole, one by one, then says would-block")
    func packets() throws {
        let pair = try SeqPacketChannel.pair()
        #expect(pair.first.send(bytes("one").span) == .sent)
        #expect(pair.first.send(bytes("two!").span) == .sent)
        #expect(received(pair.second) == "one")
        #expect(received(pair.second) == "two!")
        #expect(received(pair.second) == "would block")
    }

    @Test("brings a descriptor that works and is closed on exec")
    func descriptor() throws {
        let pair = try SeqPacketChannel.pair()
        let file = try MemoryFile.holding(bytes("inside").span, named: "passed")
        #expect(pair.first.send(bytes("take this").span, passing: file.descriptor.raw) == .sent)
        var buffer = [UInt8](repeating: 0, count: 100)
        guard case .packet(9, .some(let passed)) = pair.second.receive(into: &buffer) else {
            Issue.record("no descriptor came")
            return
        }
        let memory = try MemoryFile.map(passed.raw, writable: false)
        #expect(memory.withSpan(0, memory.count) { text($0) } == "inside")
        let raw = passed.raw
        #expect(try Shell("[ -e /proc/$$/fd/\(raw) ] || echo closed").lines() == ["closed"])
    }

    @Test("says when the other end is gone, to the reader and to the writer")
    func closed() throws {
        let end = try {
            let pair = try SeqPacketChannel.pair()
            return SeqPacketChannel(owning: try pair.second.descriptor.duplicate())
        }()
        #expect(received(end) == "closed")
        #expect(end.send(bytes("x").span) == .closed)
    }

    @Test("would block when the other end does not read")
    func fullQueue() throws {
        let pair = try SeqPacketChannel.pair()
        let packet = [UInt8](repeating: 0, count: 1000)
        let results = (0..<10_000).lazy.map { _ in pair.first.send(packet.span) }
        #expect(results.first { $0 != .sent } == .wouldBlock)
    }

    private func received(_ end: borrowing SeqPacketChannel) -> String {
        var buffer = [UInt8](repeating: 0, count: 100)
        switch end.receive(into: &buffer) {
        case .packet(let count, _): return String(decoding: buffer.prefix(count), as: UTF8.self)
        case .wouldBlock: return "would block"
        case .closed: return "closed"
        case .failed(let code): return SystemCallError.reason(code)
        }
    }
}
