// SPDX-License-Identifier: Apache-2.0
/// When a restart of services is done, and what is told of it.

import Control
import Ring
import Testing

@testable import Supervision

@Suite("The desk for restarts of services")
struct RestartDeskTests {
    private func order(
        _ asks: [RestartDesk.Ask], exec: String? = nil, deadline: UInt64 = .max
    ) -> RestartDesk.Order {
        var report = ServiceRestart()
        for name in Set(asks.map(\.service)).sorted() + [exec].compactMap({ $0 }) {
            var service = ServiceRestart.Service()
            service.name = name
            service.isExec = name == exec
            report.services.append(service)
        }
        return .init(
            ticket: ControlTicket(place: 1, number: 2), format: .text, deadline: deadline, report: report, asks: asks)
    }

    private func ask(_ service: String, slot: Int, shards: Int, number: UInt64 = 5) -> RestartDesk.Ask {
        .init(service: service, slot: slot, incarnation: 9, shards: shards, number: number)
    }

    @Test("answers once every shard of every slot has answered this request or a later one")
    func waits() {
        var desk = RestartDesk()
        desk.add(order([ask("a", slot: 0, shards: 2), ask("a", slot: 3, shards: 1), ask("b", slot: 1, shards: 1)]))
        var said: [Int: ShardRestart] = [:]
        func take() -> [RestartDesk.Order] {
            desk.takeDone(
                incarnation: { _ in 9 }, answer: { said[$0 * 64 + $1] ?? .init(asked: 4, outcome: .replaced) })
        }
        #expect(take().isEmpty)
        said = [
            0: .init(asked: 5, outcome: .replaced), 1: .init(asked: 5, outcome: .idle),
            192: .init(asked: 6, outcome: .replaced),
        ]
        #expect(take().isEmpty && !desk.isEmpty)
        said[64] = .init(asked: 5, outcome: .failed)
        let done = take()
        #expect(done.count == 1 && desk.isEmpty && take().isEmpty)
        #expect(done.first?.report.services.map(\.replaced) == [2, 0])
        #expect(done.first?.report.services.map(\.idle) == [1, 0])
        #expect(done.first?.report.services.map(\.failed) == [0, 1])
        #expect(done.first?.report.failed == ["b"])
    }

    @Test("waits for no slot that is another service's by now")
    func gone() {
        var desk = RestartDesk()
        desk.add(order([ask("a", slot: 0, shards: 1)], exec: "c"))
        let done = desk.takeDone(incarnation: { _ in 10 }, answer: { _, _ in .init(asked: 0, outcome: .none) })
        #expect(done.count == 1)
        #expect(
            done.first.map { String(decoding: $0.report.answer(.text), as: UTF8.self) } == """
                restart a: it has gone meanwhile
                restart c: each message has a process of its own, there is nothing to restart

                """)
    }

    @Test("gives up an order when its time is over, and no other")
    func overdue() {
        var desk = RestartDesk()
        for deadline in [10, 20] as [UInt64] { desk.add(order([ask("a", slot: 0, shards: 1)], deadline: deadline)) }
        #expect(desk.takeOverdue(at: 9).isEmpty)
        #expect(desk.takeOverdue(at: 10).map(\.deadline) == [10] && !desk.isEmpty)
        #expect(desk.takeOverdue(at: .max).map(\.deadline) == [20] && desk.isEmpty)
    }

    @Test("tells what came of it in words and as JSON that is read back")
    func report() throws {
        var service = ServiceRestart.Service()
        service.name = "a"
        service.replaced = 1
        service.idle = 2
        service.failed = 3
        var report = ServiceRestart()
        report.services = [service]
        let json = try #require(JSONValue(document: report.answer(.json)))
        #expect(ServiceRestart(json) == report)
        let text = String(decoding: report.text(TextStyle(width: 200)), as: UTF8.self)
        #expect(
            text
                == "restart a: 1 new process; 2 did not run, the next message starts a new one; 3 did not come up, the old "
                + "process serves on (`belfry services a` tells why)\n")
    }
}
