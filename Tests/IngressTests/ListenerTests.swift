// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Ring
import Testing

@testable import Ingress

/// More connections than there may be.
@Suite("The listener")
struct ListenerTests {
    @Test("refuses and counts connections over max-connections, serves the others, and accepts again when one has gone")
    func limit() throws {
        let port = try TestPort { $0.port.maxConnections = 2 }
        let first = try port.connect()
        let second = try port.connect()
        let third = try port.connect()
        try port.run { third.sawEnd() }
        #expect(port.counters.page.counter(2) == 1)
        #expect(port.counters.page.counter(1) == 2)
        first.send("one\n")
        second.send("two\n")
        try port.receive(2)
        first.close()
        try port.run { port.acceptor.connections.count == 1 }
        let fourth = try port.connect()
        fourth.send("four\n")
        try port.receive(3)
        #expect(port.counters.page.counter(0) == 2)
    }

    @Test(
        "decides by the outcome of accept, by what is open, and by whether the spare descriptor is there",
        arguments: [
            (.accepted, 9, true, .open), (.accepted, 10, true, .refuse), (.accepted, 11, false, .refuse),
            (.exhausted, 5, true, .refuseBySpare), (.exhausted, 5, false, .pause), (.aborted, 5, true, .again),
            (.wouldBlock, 5, true, .stop),
        ] as [(AcceptAction.Outcome, Int, Bool, AcceptAction)])
    func decision(outcome: AcceptAction.Outcome, open: Int, hasSpare: Bool, action: AcceptAction) {
        #expect(AcceptAction.of(outcome, open: open, limit: 10, hasSpare: hasSpare) == action)
    }
}
