// SPDX-License-Identifier: Apache-2.0
/// What is kept for sending again.

import Testing

@testable import BelfryClient

@Suite("The window of unacked frames")
struct SendWindowTests {
    @Test("lets go of what is acked, cumulatively, and never of what is not")
    func acknowledge() {
        var window = SendWindow()
        for byte in UInt8(1)...5 { window.append([byte, byte]) }
        window.acknowledge(upTo: 3)
        #expect(window.acknowledged == 3 && window.count == 2 && window.bytes == 4)
        window.acknowledge(upTo: 2)
        #expect(window.acknowledged == 3)
        var frames: [[UInt8]] = []
        window.forEachFrame { frames.append($0) }
        #expect(frames == [[4, 4], [5, 5]])
    }

    @Test("believes no ack of what was never sent")
    func beyond() {
        var window = SendWindow()
        window.append([1])
        window.acknowledge(upTo: .max)
        #expect(window.acknowledged == 1 && window.next == 2 && window.isEmpty)
    }

    @Test("stays small over many batches")
    func many() {
        var window = SendWindow()
        for number in UInt64(1)...20_000 {
            window.append([0])
            if number > 10 { window.acknowledge(upTo: number - 10) }
        }
        #expect(window.count == 10 && window.bytes == 10 && window.acknowledged == 19_990)
    }
}

@Suite("The patience for an ack")
struct PatienceTests {
    @Test(
        "ends its limit after the last ack, however late that is looked at",
        arguments: [(100, 50), (149, 1), (150, 0), (9000, 0), (99, 50)] as [(UInt64, UInt64)])
    func left(now: UInt64, left: UInt64) {
        var patience = Patience(50, now: 10)
        patience.renew(now: 100)
        #expect(patience.left(now: now) == left)
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
