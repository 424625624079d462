// SPDX-License-Identifier: Apache-2.0
/// What the broker says, cut at every place.

import Testing
import Wire

@testable import BelfryClient

@Suite("An answer of the broker")
struct AnswerTests {
    static let expected: [Answer] = [
        .welcome(lastAccepted: 7, maxMessage: 1000), .ack(9),
        .refused(Refusal(number: 8, .badTopic)),
        .ended(.badFrame, sentence: Wire.Refusal.badFrame.sentence),
    ]

    static let bytes: [UInt8] = {
        var bytes: [UInt8] = []
        NativeFrame.appendWelcome(.init(lastAccepted: 7, maxMessage: 1000), to: &bytes)
        NativeFrame.appendAck(9, to: &bytes)
        NativeFrame.appendError(number: 8, .badTopic, to: &bytes)
        NativeFrame.appendError(number: 0, .badFrame, to: &bytes)
        return bytes
    }()

    @Test("is understood however the stream is cut")
    func cuts() throws {
        for cut in 0...Self.bytes.count {
            let first = try #require(Self.read(Array(Self.bytes.prefix(cut))))
            let second = try #require(Self.read(Array(Self.bytes[first.used...])))
            #expect(first.answers + second.answers == Self.expected)
        }
    }

    @Test("of a type that this version does not know is skipped")
    func unknown() throws {
        let bytes: [UInt8] = [0xB5, 1, 99, 0, 0, 0, 0, 1, 42] + Self.bytes
        #expect(try #require(Self.read(bytes)).answers == Self.expected)
    }

    @Test("about a frame that was skipped ends nothing")
    func skipped() throws {
        var bytes: [UInt8] = []
        NativeFrame.appendError(number: 0, .unknownType, to: &bytes)
        #expect(try #require(Self.read(bytes + Self.bytes)).answers == Self.expected)
    }

    @Test(
        "that is no native frame is not believed",
        arguments: [
            Array("HTTP/1.1 400 Bad Request".utf8), [0xB5, 1, 4, 0, 0, 0, 0, 1, 42],
            [0xB5, 1, 5, 0, 0, 0, 0, 1, 42],
        ])
    func foreign(bytes: [UInt8]) { #expect(Self.read(bytes) == nil) }

    /// A test macro can't take a span.
    private static func read(_ bytes: [UInt8]) -> (answers: [Answer], used: Int)? { Answer.read(bytes.span) }
}
