// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// No bytes crash a decoder, and none are lost: each test prints the seed with which it can be repeated.
@Suite struct RandomInputTests {
    private static let seeds = [
        #"<165>1 2003-10-11T22:14:15.003Z h a p m [x a="b" a="c\]"][y] text"#, "<34>Oct 11 22:14:15 host su[7]: text",
        #"{"topic":"a.b","body":"x\ny\u00e4"}"#, #"{"specversion":"1.0","type":"a/b","id":"1","data":{"x":[1]}}"#,
        "12 <13>12345678", "plain text\r\n",
    ]

    private func check(_ bytes: [UInt8], _ seed: Int) {
        let decoded = Decoded(bytes)
        guard decoded.content == .message else { return }
        let message = decoded.message
        if message.kind == .syslog {
            #expect(message.decoded.count <= bytes.count * 3 / 2 + 1024, "seed \(seed): \(bytes)")
        }
        if message.kind != .none { #expect(decoded.json != nil, "seed \(seed): \(bytes)") }
        #expect(Topic.isWellFormed(message.topic.span) == true, "seed \(seed): \(bytes)")
        #expect(message.decoded.contains(0x0A) == false, "seed \(seed): \(bytes)")
    }

    @Test("random bytes are raw, and any that are not are well decoded", arguments: 1...50)
    func randomBytes(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        for _ in 0..<100 { check(random.bytes(upTo: 100), seed) }
    }

    @Test("damaged messages of every protocol are well decoded or raw", arguments: 1...50)
    func damagedMessages(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        for text in Self.seeds {
            for _ in 0..<20 {
                var bytes = ascii(text)
                for _ in 0..<Int.random(in: 1...4, using: &random) { damage(&bytes, &random) }
                check(bytes, seed)
            }
        }
    }

    @Test("streams of random bytes are cut and decoded without a crash, whatever they are taken for", arguments: 1...50)
    func randomStreams(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        var bytes = ascii(Self.seeds.randomElement(using: &random)! + "\n") + random.bytes(upTo: 300)
        damage(&bytes, &random)
        var lines = LineFramer(limit: 100)
        let octets = OctetCountFramer(limit: 100)
        walk(bytes) { lines.next(in: $0, from: $1, ended: true) }
        walk(bytes) { octets.next(in: $0, from: $1, ended: true) }
        #expect(Sniffer.classify(bytes.span, ended: true) != .undecided, "seed \(seed)")
    }

    private func walk(_ bytes: [UInt8], _ next: (Span<UInt8>, Int) -> FramerStep) {
        var message = DecodedMessage()
        var start = 0
        while case .frame(let range, let end) = next(bytes.span, start) {
            #expect(range.lowerBound >= start && range.upperBound <= end && end <= bytes.count && end > start)
            for stream in StreamProtocol.allCases {
                _ = decodeFrame(bytes.span.extracting(range), speaking: stream, into: &message)
            }
            start = end
        }
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(ascii("<>[]{}\"\\:, \n").randomElement(using: &random)!, at: index)
        default: bytes.removeLast(bytes.count - index)
        }
    }
}
