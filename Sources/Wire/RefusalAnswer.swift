// SPDX-License-Identifier: Apache-2.0

/// What a sender on TCP is told when something of it is refused, in the form of the protocol that it speaks.
///
/// Used by the acceptor: it appends this to what it sends, and closes the connection where the stream can't go on.
/// Invariant: each answer is one whole frame, record, packet, response or line of its protocol.
package enum RefusalAnswer {
    /// `first`: the first bytes that the connection has sent, as `Sniffer` saw them (they hold the version of HTTP and
    /// of MQTT; not used for the others).
    package static func append(
        _ refusal: Refusal, speaking stream: StreamProtocol, first: Span<UInt8>, to out: inout [UInt8]
    ) {
        switch stream {
        case .native: NativeFrame.appendError(number: 0, refusal, to: &out)
        case .json: appendObject(refusal, to: &out)
        case .tls: appendAlert(to: &out)
        case .http where first.begins(with: "PRI "): appendGoAway(refusal, to: &out)
        case .http: appendResponse(refusal, to: &out)
        case .mqtt: appendConnAck(refusal, first: first, to: &out)
        case .undecided, .text, .syslogLines, .syslogCounted: appendLine(refusal, to: &out)
        }
    }

    /// `error NAME: SENTENCE`
    private static func appendLine(_ refusal: Refusal, to out: inout [UInt8]) {
        out.append(contentsOf: "error \(refusal.name): \(refusal.sentence)\n".utf8)
    }

    private static func appendObject(_ refusal: Refusal, to out: inout [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("error")
        writer.string(refusal.name)
        writer.member("code")
        writer.integer(UInt64(refusal.code))
        writer.member("sentence")
        writer.string(refusal.sentence)
        writer.endObject()
        writer.newline()
        out.append(contentsOf: writer.bytes)
    }

    /// A TLS record (RFC 8446, 5.1 and 6): alert, fatal, handshake_failure. There is no room in it for a sentence.
    private static func appendAlert(to out: inout [UInt8]) {
        out.append(contentsOf: [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 40])
    }

    private static func appendResponse(_ refusal: Refusal, to out: inout [UInt8]) {
        let body = refusal.sentence + "\n"
        let head = """
            HTTP/1.1 501 Not Implemented\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Length: \(body.utf8.count)\r
            Connection: close\r
            \r

            """
        out.append(contentsOf: head.utf8)
        out.append(contentsOf: body.utf8)
    }

    /// HTTP/2 (RFC 9113): the server's SETTINGS, then GOAWAY with HTTP_1_1_REQUIRED and the sentence as debug data.
    private static func appendGoAway(_ refusal: Refusal, to out: inout [UInt8]) {
        let sentence = refusal.sentence.utf8
        out.append(contentsOf: [0, 0, 0, 4, 0, 0, 0, 0, 0])
        out.appendBigEndian(UInt64(8 + sentence.count), width: 3)
        out.append(contentsOf: [7, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        out.appendBigEndian(0xD, width: 4)
        out.append(contentsOf: sentence)
    }

    /// CONNACK: "server unavailable" as return code 3 (MQTT 3.1.1) or reason code 0x88 with a reason string (MQTT 5).
    private static func appendConnAck(_ refusal: Refusal, first: Span<UInt8>, to out: inout [UInt8]) {
        let place = Sniffer.mqttLevelPlace(first)
        guard place < first.count, first[place] >= 5 else {
            out.append(contentsOf: [0x20, 2, 0, 3])
            return
        }
        // Property 0x1F is the reason string; all lengths here are under 128, one byte each.
        let sentence = refusal.sentence.utf8.prefix(120)
        out.append(contentsOf: [0x20, UInt8(6 + sentence.count), 0, 0x88, UInt8(3 + sentence.count), 0x1F])
        out.appendBigEndian(UInt64(sentence.count), width: 2)
        out.append(contentsOf: sentence)
    }
}
