// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Wire

/// What a service with `framing: lines` reads.
@Suite struct ServiceLineTests {
    private let id = MessageID(log: 0x0123_4567_89AB_CDEF, epoch: 1, sequence: 42)

    private func line(
        _ body: [UInt8], kind: DecodedMessage.Kind = .none, decoded: String = "", redelivered: Bool = false,
        behind text: String = ""
    ) -> String {
        let line = ServiceLine(
            id: id, time: 1_795_232_185_000_000_001, attempt: 3, isRedelivered: redelivered, wireProtocol: .syslog,
            kind: kind)
        var out = ascii(text)
        line.append(
            topic: ascii("a.b").span, source: ascii("127.0.0.1:5000").span, decoded: ascii(decoded).span,
            body: body.span,
            to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test("a delivery is one line whose members stand in this order")
    func form() {
        #expect(
            line(ascii("hello \"you\"\n")) == #"{"id":"0123456789abcdef-1-42","topic":"a.b","source":"127.0.0.1:5000","#
                + #""protocol":"syslog","time":"2026-11-21T03:36:25.000000001Z","attempt":3,"body":"hello \"you\"\n"}"#
                + "\n")
    }

    @Test("what was decoded lies in the member of its kind")
    func decodedMember() {
        #expect(line([], kind: .syslog, decoded: #"{"a":1}"#).hasSuffix(#","body":"","syslog":{"a":1}}"# + "\n"))
        #expect(line([], kind: .cloudevent, decoded: #"{"a":1}"#).hasSuffix(#","cloudevent":{"a":1}}"# + "\n"))
    }

    @Test("a body that is no UTF-8 stands in body64 instead")
    func binaryBody() {
        let text = line([0xFF, 0x00])
        #expect(text.contains(#""body64":"/wA=""#) && !text.contains("\"body\""))
    }

    @Test("a redelivery says so, a first delivery does not")
    func redelivered() {
        #expect(line([], redelivered: true).contains(#""attempt":3,"redelivered":true,"body""#))
        #expect(!line([]).contains("redelivered"))
    }

    @Test("lines follow each other in one buffer")
    func appends() {
        #expect(line([], behind: "x\n").hasPrefix("x\n{\"id\":"))
    }

    @Test("random bodies give one line of valid JSON that holds them", arguments: 1...50)
    func randomBodies(_ seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        let body = random.bytes(upTo: 30)
        let text = line(body)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let read =
            (json["body"] as? String).map { Data($0.utf8) } ?? Data(base64Encoded: json["body64"] as? String ?? "x")
        #expect(read == Data(body) && text.filter { $0 == "\n" }.count == 1, "seed \(seed)")
    }

    @Test("a line is the same whatever line the encoder made before it", arguments: 1...20)
    func neighbours(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        var encoder = ServiceLineEncoder()
        var sequence: UInt64 = 1
        for _ in 0..<200 {
            sequence &+= [1, 2, 3, 100].randomElement(using: &random)!
            let line = ServiceLine(
                id: MessageID(log: 7, epoch: UInt64.random(in: 1...2, using: &random), sequence: sequence),
                time: 1_795_232_185_999_999_990 + UInt64.random(in: 0...20, using: &random),
                attempt: [1, 1, 1, 12].randomElement(using: &random)!, isRedelivered: [true, false].randomElement()!,
                wireProtocol: [.native, .text].randomElement(using: &random)!,
                kind: DecodedMessage.Kind.allCases.randomElement(using: &random)!)
            let topic = ascii(["a.b", "a\"b", "a\u{e9}"].randomElement(using: &random)!)
            let body = [ascii("plain"), ascii("with \n end"), Array("\u{e4}".utf8), [0xFF], []].randomElement()!
            let decoded = ascii(line.kind == .none ? "" : "{}")
            var (together, alone) = ([UInt8](), [UInt8]())
            encoder.encode(line, topic: topic.span, source: topic.span, decoded: decoded.span, body: body.span) {
                $0.append($0.indices, to: &together)
            }
            line.append(topic: topic.span, source: topic.span, decoded: decoded.span, body: body.span, to: &alone)
            #expect(together == alone && together.last == 0x0A, "seed \(seed)")
        }
    }

    @Test("text with a byte that needs an escape at any place is escaped", arguments: [0x00, 0x1F, 0x22, 0x5C, 0x7F])
    func escapesAnywhere(_ byte: UInt8) throws {
        for place in 0..<70 {
            var body = [UInt8](repeating: 0x61, count: 70)
            body[place] = byte
            let text = line(body)
            let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect((json["body"] as? String)?.utf8.elementsEqual(body) == true && !text.utf8.contains(0x7F))
        }
    }
}
