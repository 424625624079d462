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

    @Test("lets go of what is acked, cumulatively, and never of what is not")
    func acknowledge() {
        var window = SendWindow()
        for number in UInt64(1)...5 { #expect(window.append(Self.frame) == number) }
        window.acknowledge(upTo: 3)
        #expect(window.acknowledged == 3 && window.count == 2 && window.bytes == 36)
        window.acknowledge(upTo: 2)
        #expect(window.acknowledged == 3)
        #expect(window.frames(after: 0, upTo: .max).map { $0[15] } == [4, 5])
        #expect(window.frames(after: 4, upTo: .max).map { $0[15] } == [5])
        #expect(window.frames(after: 5, upTo: .max).isEmpty)
    }

    @Test("lends as many frames as fill the room, and none without room")
    func room() {
        var window = SendWindow()
        for _ in 1...5 { _ = window.append(Self.frame) }
        #expect(window.frames(after: 1, upTo: 19).map { $0[15] } == [2, 3])
        #expect(window.frames(after: 1, upTo: 0).isEmpty)
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
