// SPDX-License-Identifier: Apache-2.0
/// The messages that scenarios feed: a body of 128 bytes in each form that the port takes.
///
/// Invariant: all of a kind are equally long, and the last one is worth as much as the first.

import Wire

enum Messages {
    static let topic = Array("alarms.cellar.door".utf8)
    static let source = Array("127.0.0.1:50000".utf8)

    /// `#`, ten digits, and what fills it up.
    static func body(_ number: UInt64) -> [UInt8] {
        var body = [0x23] + [UInt8](repeating: 0x78, count: 127)
        var rest = number
        for place in stride(from: 10, to: 0, by: -1) {
            body[place] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
        return body
    }

    static func bare(_ number: UInt64) -> [UInt8] { body(number) }

    /// A PUBLISH of the native protocol.
    static func frame(_ number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        NativeFrame.appendPublish(number: number, topic: topic.span, body: body(number).span, to: &bytes)
        return bytes
    }

    private static let header = Array("<134>1 2026-03-01T12:34:56.123456+00:00 host.example doord 4711 - - ".utf8)

    /// RFC 5424, as rsyslog and `logger` send it.
    static func syslog(_ number: UInt64) -> [UInt8] {
        header + body(number)
    }

    /// The same with its length before it, as in a TCP stream (RFC 6587).
    static func countedSyslog(_ number: UInt64) -> [UInt8] {
        let message = syslog(number)
        return Array("\(message.count) ".utf8) + message
    }
}
