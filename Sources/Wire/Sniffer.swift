// SPDX-License-Identifier: Apache-2.0

/// Tells from its first bytes what a TCP connection speaks; the choice then holds for the connection.
///
/// Asked by the acceptor after each read until it has decided.
/// Invariant: with a newline among the bytes, or `longest` of them, or `ended`, it always decides.
package enum Sniffer {
    /// So many bytes are always enough to decide.
    package static let longest = 512

    private enum Match { case yes, no, notYet }

    /// `ended`: no more bytes will come, or the time to wait for them is over.
    package static func classify(_ bytes: Span<UInt8>, ended: Bool) -> StreamProtocol {
        guard bytes.count > 0 else { return ended ? .text : .undecided }
        let candidate: StreamProtocol
        let match: Match
        switch bytes[0] {
        case NativeFrame.magic: return .native
        case 0x7B: return .json
        case 0x3C: (candidate, match) = (.syslogLines, priority(bytes))
        case 0x31...0x39: (candidate, match) = (.syslogCounted, octetCount(bytes))
        case 0x16: (candidate, match) = (.tls, clientHello(bytes))
        case 0x10: (candidate, match) = (.mqtt, mqttConnect(bytes))
        case 0x41...0x5A: (candidate, match) = (.http, httpRequest(bytes))
        default: return .text
        }
        switch match {
        case .yes: return candidate
        case .no: return .text
        case .notYet:
            let mustDecide = ended || bytes.count >= longest || bytes.first(0x0A, in: bytes.indices) != nil
            return mustDecide ? .text : .undecided
        }
    }

    /// Where the level of the protocol stands in an MQTT CONNECT, or would stand.
    static func mqttLevelPlace(_ bytes: Span<UInt8>) -> Int {
        let name = mqttNamePlace(bytes)
        return name &+ (begins(bytes, with: "\0\u{4}MQTT", at: name) == .yes ? 6 : 8)
    }

    /// `<` digits `>`
    private static func priority(_ bytes: Span<UInt8>) -> Match {
        var index = 1
        while index < bytes.count, isDigit(bytes[index]) { index &+= 1 }
        if index == bytes.count { return .notYet }
        return index > 1 && bytes[index] == 0x3E ? .yes : .no
    }

    /// `[1-9][0-9]{0,6} <digit`
    private static func octetCount(_ bytes: Span<UInt8>) -> Match {
        var index = 1
        while index < bytes.count, index < 7, isDigit(bytes[index]) { index &+= 1 }
        let opening = begins(bytes, with: " <", at: index)
        guard opening == .yes else { return opening }
        if index &+ 2 == bytes.count { return .notYet }
        return isDigit(bytes[index &+ 2]) ? .yes : .no
    }

    /// A record of kind handshake (22), version 3.x, with a ClientHello (1) in it.
    private static func clientHello(_ bytes: Span<UInt8>) -> Match {
        if bytes.count > 1, bytes[1] != 3 { return .no }
        if bytes.count < 6 { return .notYet }
        return bytes[2] <= 4 && bytes[5] == 1 ? .yes : .no
    }

    /// CONNECT: its length in 1 to 4 bytes, then the protocol's name (3.1.1 and 5, or 3.1).
    private static func mqttConnect(_ bytes: Span<UInt8>) -> Match {
        let name = mqttNamePlace(bytes)
        if name > bytes.count { return .notYet }
        if bytes[name &- 1] >= 0x80 { return .no }
        let match = begins(bytes, with: "\0\u{4}MQTT", at: name)
        return match == .no ? begins(bytes, with: "\0\u{6}MQIsdp", at: name) : match
    }

    private static func mqttNamePlace(_ bytes: Span<UInt8>) -> Int {
        var last = 1
        while last < bytes.count, last < 4, bytes[last] >= 0x80 { last &+= 1 }
        return last &+ 1
    }

    /// A method and the beginning of a target: "GET well soon" is text.
    private static func httpRequest(_ bytes: Span<UInt8>) -> Match {
        let reach = min(bytes.count, 9)
        guard let space = bytes.first(0x20, in: 0..<reach) else { return reach < 9 ? .notYet : .no }
        if bytes.equals("CONNECT", in: 0..<space) { return connectRequest(bytes, from: space) }
        guard isMethod(bytes, 0..<space) else { return .no }
        if space &+ 1 == bytes.count { return .notYet }
        let first = bytes[space &+ 1]
        return first == 0x2F || first == 0x2A ? .yes : begins(bytes, with: "http", at: space &+ 1)
    }

    private static func isMethod(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        switch range.count {
        case 3: bytes.equals("GET", in: range) || bytes.equals("PUT", in: range) || bytes.equals("PRI", in: range)
        case 4: bytes.equals("POST", in: range) || bytes.equals("HEAD", in: range)
        case 5: bytes.equals("PATCH", in: range) || bytes.equals("TRACE", in: range)
        case 6: bytes.equals("DELETE", in: range)
        case 7: bytes.equals("OPTIONS", in: range)
        default: false
        }
    }

    /// The target of CONNECT looks like any word, so that only the version behind it decides.
    private static func connectRequest(_ bytes: Span<UInt8>, from space: Int) -> Match {
        guard let second = bytes.first(0x20, in: space &+ 1..<bytes.count) else { return .notYet }
        return begins(bytes, with: "HTTP/", at: second &+ 1)
    }

    private static func begins(_ bytes: Span<UInt8>, with text: String, at start: Int) -> Match {
        var index = start
        for byte in text.utf8 {
            if index >= bytes.count { return .notYet }
            if bytes[index] != byte { return .no }
            index &+= 1
        }
        return .yes
    }
}
