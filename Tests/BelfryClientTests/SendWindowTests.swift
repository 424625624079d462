// SPDX-License-Identifier: Apache-2.0
/// What is kept for sending again.

import Testing
import Wire

@testable import BelfryClient

@Suite("The window of unacked frames")
struct SendWindowTests {
    /// A PUBLISH frame of 18 bytes, whose number the window writes.
    private static let frame: [UInt8] = {
        var frame: [UInt8] = []
        NativeFrame.appendPublish(number: 0, topic: [UInt8]().span, body: [UInt8]().span, to: &frame)
        return frame
    }()

    /// The numbers in the next batch of frames.
    private static func numbers(_ window: inout SendWindow, after number: UInt64) -> [UInt8] {
        window.frames(after: number)?.numbers ?? []
    }

    @Test("lets go of what is acked, cumulatively, and never of what is not")
    func acknowledge() {
        var window = SendWindow()
        for number in UInt64(1)...5 { #expect(window.append(Self.frame) == number) }
        window.acknowledge(upTo: 3)
        #expect(window.acknowledged == 3 && window.count == 2 && window.bytes == 36)
        window.acknowledge(upTo: 2)
        #expect(window.acknowledged == 3)
        #expect(Self.numbers(&window, after: 0) == [4, 5])
        #expect(Self.numbers(&window, after: 4) == [5])
        #expect(Self.numbers(&window, after: 5) == [])
    }

    @Test("lends what there is in one piece, what comes later in another, and all of it again")
    func batches() {
        var window = SendWindow()
        for _ in 1...2 { _ = window.append(Self.frame) }
        #expect(Self.numbers(&window, after: 0) == [1, 2])
        for _ in 3...5 { _ = window.append(Self.frame) }
        #expect(Self.numbers(&window, after: 2) == [3, 4, 5])
        #expect(Self.numbers(&window, after: 0) == [1, 2])
        window.acknowledge(upTo: 1)
        #expect(Self.numbers(&window, after: 0) == [2] && window.bytes == 72)
        window.acknowledge(upTo: 4)
        #expect(Self.numbers(&window, after: 0) == [5] && window.bytes == 18)
    }

    @Test("what was lent stays as it is while the window goes on")
    func lent() throws {
        var window = SendWindow()
        _ = window.append(Self.frame)
        let lent = window.frames(after: 0)
        let run = try #require(lent)
        window.acknowledge(upTo: 1)
        for _ in 2...4 {
            _ = window.append(Self.frame)
            _ = window.frames(after: 0)
            window.acknowledge(upTo: .max)
        }
        #expect(run.numbers == [1] && run.through == 1)
    }

    @Test("writes topic and body behind the number")
    func content() {
        var window = SendWindow()
        var head = PublishHead()
        var expected: [UInt8] = []
        for (number, topic, body) in [(UInt64(1), "a.b", "one"), (2, "a.b", "three"), (3, "c", "")] {
            #expect(head.choose(topic) == nil)
            #expect(window.append(&head, body.utf8.span) == number)
            NativeFrame.appendPublish(
                number: number, topic: Array(topic.utf8).span, body: Array(body.utf8).span, to: &expected)
        }
        let run = window.frames(after: 0)
        #expect(run?.bytes == expected)
    }

    @Test("believes no ack of what was never sent")
    func beyond() {
        var window = SendWindow()
        _ = window.append(Self.frame)
        window.acknowledge(upTo: .max)
        #expect(window.acknowledged == 1 && window.next == 2 && window.isEmpty)
    }

    @Test("stays small over many batches")
    func many() {
        var window = SendWindow()
        for number in UInt64(1)...20_000 {
            _ = window.append(Self.frame)
            if number > 10 { window.acknowledge(upTo: number - 10) }
        }
        #expect(window.count == 10 && window.bytes == 180 && window.acknowledged == 19_990)
    }
}

@Suite("The beginning of a frame")
struct PublishHeadTests {
    @Test("a topic that the broker refuses leaves the last one as it was")
    func refused() {
        var head = PublishHead()
        #expect(head.choose("a.K") == nil)
        let before = head.bytes
        // The second is equal to the chosen one as a string: it has the Kelvin sign.
        for topic in ["", "a.\u{212A}", "a..K"] { #expect(head.choose(topic) == .badTopic) }
        #expect(head.choose("belfry.a") == .reservedTopic)
        #expect(head.bytes == before)
    }
}

@Suite("The patience for an ack")
struct PatienceTests {
    @Test(
        "is over its limit after the last ack, or never",
        arguments: [(50, 100, 150), (.max, 100, .max), (0, 7, 7)] as [(UInt64, UInt64, UInt64)])
    func end(limit: UInt64, renewed: UInt64, end: UInt64) {
        var patience = Patience(limit, now: 10)
        patience.renew(now: renewed)
        #expect(patience.end == end)
    }
}

@Suite("The wait between two connections")
struct BackoffTests {
    @Test("doubles from 50 ms to 2 s, each with some randomness")
    func doubles() {
        var backoff = Backoff()
        for milliseconds: UInt64 in [50, 100, 200, 400, 800, 1600, 2000, 2000] {
            let wait = backoff.next() / 1_000_000
            #expect((milliseconds / 2...milliseconds).contains(wait))
        }
    }
}

extension FrameRun {
    /// The last byte of each frame's number; the frames have neither topic nor body.
    var numbers: [UInt8] { stride(from: range.lowerBound, to: range.upperBound, by: 18).map { bytes[$0 + 15] } }
}
