// SPDX-License-Identifier: Apache-2.0

import Foundation
import Wire

/// A decoded datagram or frame as the tests look at it: with its body as bytes and its JSON as a dictionary.
///
/// Used by the tests of all decoders.
/// Invariant: `json` is what an independent parser, Foundation's, makes of `decoded`.
struct Decoded {
    var content: DecodedContent
    var message: DecodedMessage
    var body: [UInt8]

    init(_ bytes: [UInt8]) {
        var message = DecodedMessage()
        let content = decodeDatagram(bytes.span, into: &message)
        self.init(content, message, bytes)
    }

    init(_ text: String) {
        self.init(Array(text.utf8))
    }

    /// As a frame of a connection.
    init(_ text: String, speaking stream: StreamProtocol) {
        let bytes = Array(text.utf8)
        var message = DecodedMessage()
        let content = decodeFrame(bytes.span, speaking: stream, into: &message)
        self.init(content, message, bytes)
    }

    private init(_ content: DecodedContent, _ message: DecodedMessage, _ bytes: [UInt8]) {
        self.content = content
        self.message = message
        body = content == .raw ? bytes : message.isUnescaped ? message.unescaped : Array(bytes[message.body])
    }

    var topic: String { content == .raw ? "raw" : String(decoding: message.topic, as: UTF8.self) }
    var text: String { String(decoding: body, as: UTF8.self) }

    var json: [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(message.decoded)) as? [String: Any]
    }

    /// Untouched, as text, under the topic `raw`.
    var isRaw: Bool { content == .raw }

    subscript(_ name: String) -> String? { json?[name] as? String }
}

func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Random numbers that are the same for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func bytes(upTo count: Int) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
