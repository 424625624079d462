// SPDX-License-Identifier: Apache-2.0
/// When the acceptor puts its next look off.

import LinuxIO
import Testing

@testable import Ingress

@Suite("Gathering what comes one by one")
struct GatheringTests {
    @Test("waits behind a round that brought few messages", arguments: [(0, 0), (1, 2), (63, 2), (64, 0), (4096, 0)])
    func pause(count: UInt64, milliseconds: UInt64) {
        var gathering = Gathering(.milliseconds(2))
        gathering.published(to: 1000)
        gathering.published(to: 1000 + count)
        #expect(gathering.pause == milliseconds * 1_000_000)
    }

    @Test("does not wait any more behind a round that brought nothing")
    func ends() {
        var gathering = Gathering(.milliseconds(2))
        for head: UInt64 in [1000, 1001, 1001] { gathering.published(to: head) }
        #expect(gathering.pause == 0)
    }

    @Test("never waits unless it was asked for")
    func off() {
        var gathering = Gathering(.zero)
        for head: UInt64 in [1000, 1001] { gathering.published(to: head) }
        #expect(gathering.pause == 0)
    }

    @Test("the acceptor's next look waits for so long, and takes what has come meanwhile")
    func acceptor() throws {
        let port = try TestPort { $0.port.gather = .milliseconds(10) }
        try port.send("first")
        try port.receive(1)
        for text in ["second", "third"] { try port.send(text) }
        let begin = Clock.monotonic()
        _ = try port.acceptor.step()
        #expect(Clock.monotonic() >= begin + 10_000_000)
        #expect(port.producer.intake.published == 3)
    }
}
