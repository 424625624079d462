// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Wire

/// Each refused sender is answered in its own language.
@Suite struct RefusalAnswerTests {
    private func answer(_ refusal: Refusal, _ stream: StreamProtocol, _ first: [UInt8] = []) -> [UInt8] {
        var out: [UInt8] = []
        RefusalAnswer.append(refusal, speaking: stream, first: first.span, to: &out)
        return out
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("text and syslog get a line", arguments: [StreamProtocol.text, .syslogLines, .syslogCounted, .undecided])
    func line(_ stream: StreamProtocol) {
        #expect(
            text(answer(.lineTooLong, stream))
                == "error line-too-long: the line is longer than the broker's port.max-message\n")
    }

    @Test("JSON gets an object on a line")
    func object() throws {
        let bytes = answer(.badTopic, .json)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        #expect(json["error"] as? String == "bad-topic" && json["code"] as? Int == 6)
        #expect(json["sentence"] as? String == Refusal.badTopic.sentence && bytes.last == 0x0A)
    }

    @Test("a native sender gets an ERROR frame for the stream")
    func frame() {
        let bytes = answer(.tooLarge, .native)
        let fault = NativeFrame.fault(in: bytes.span, payload: 8..<bytes.count)
        #expect(bytes[2] == 5 && fault?.number == 0 && fault?.code == 2)
    }

    @Test("TLS gets a fatal alert")
    func alert() {
        #expect(answer(.tls, .tls) == [0x15, 3, 3, 0, 2, 2, 40])
    }

    @Test("HTTP gets a 501 with a sentence of the length that it tells, and is closed")
    func response() {
        let parts = text(answer(.http, .http, ascii("GET / HTTP/1.1\r\n"))).components(separatedBy: "\r\n\r\n")
        #expect(parts.count == 2 && parts[0].hasPrefix("HTTP/1.1 501 Not Implemented\r\n"))
        #expect(parts[0].contains("\r\nContent-Length: \(parts[1].utf8.count)\r\n"))
        #expect(parts[0].hasSuffix("\r\nConnection: close") && parts[1] == Refusal.http.sentence + "\n")
    }

    @Test("the preface of HTTP/2 gets SETTINGS and a GOAWAY with the sentence")
    func goAway() {
        let bytes = answer(.http, .http, ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
        #expect(Array(bytes.prefix(9)) == [0, 0, 0, 4, 0, 0, 0, 0, 0])
        #expect(Int(bytes[9]) << 16 | Int(bytes[10]) << 8 | Int(bytes[11]) == bytes.count - 18 && bytes[12] == 7)
        #expect(
            Array(bytes[18..<26]) == [0, 0, 0, 0, 0, 0, 0, 0xD] && text(Array(bytes[26...])) == Refusal.http.sentence)
    }

    @Test("MQTT 3.1 and 3.1.1 get a CONNACK with return code 3")
    func oldConnAck() {
        #expect(answer(.mqtt, .mqtt, [0x10, 12, 0, 4] + ascii("MQTT") + [4, 2, 0, 60, 0, 0]) == [0x20, 2, 0, 3])
        #expect(answer(.mqtt, .mqtt, [0x10, 14, 0, 6] + ascii("MQIsdp") + [3, 2, 0, 60, 0, 0]) == [0x20, 2, 0, 3])
        #expect(answer(.mqtt, .mqtt, [0x10, 12, 0, 4] + ascii("MQTT")) == [0x20, 2, 0, 3])
    }

    @Test("MQTT 5 gets a CONNACK with reason code and reason string, all its lengths right")
    func newConnAck() {
        let bytes = answer(.mqtt, .mqtt, [0x10, 0x8D, 1, 0, 4] + ascii("MQTT") + [5, 2, 0, 60, 0, 0, 0])
        #expect(bytes[0] == 0x20 && Int(bytes[1]) == bytes.count - 2 && bytes[1] < 128)
        #expect(bytes[2] == 0 && bytes[3] == 0x88 && Int(bytes[4]) == bytes.count - 5 && bytes[5] == 0x1F)
        #expect(Int(bytes[6]) << 8 | Int(bytes[7]) == bytes.count - 8)
        #expect(text(Array(bytes[8...])) == Refusal.mqtt.sentence)
    }
}
