// SPDX-License-Identifier: Apache-2.0

import Control
import LinuxIO
import Ring
import Settings
import Testing
import Wire

@testable import Ingress

/// How an acceptor goes over to new settings while it serves.
@Suite("New settings")
struct SettingsTests {
    private func service(
        _ name: String, _ topics: String, slot: Int, _ state: Settings.Service.Placement.State = .active
    ) -> Settings.Service {
        var service = Settings.Service(name: name, topics: [topics], command: ["/bin/true"])
        service.placement = .init(slot: slot, incarnation: 1, state: state)
        return service
    }

    // MARK: routes

    @Test("route the next message, of a topic that was routed before, too, and not to a service that retires")
    func routes() throws {
        let port = try TestPort(topics: ["a.>"])
        for _ in 0..<2 {
            try port.send(#"{"topic":"a.x"}"#)
            try port.receive(port.producer.intake.received + 1)
        }
        try port.goOver {
            $0.services = [service("test", "a.>", slot: 0, .draining), service("test", "a.*", slot: 5)]
        }
        #expect(port.counters.page.settingsApplied == 2 && port.counters.page.appliedHead == 3)
        try port.send(#"{"topic":"a.x"}"#)
        try port.receive(3)
        #expect(port.records().map(\.mask) == [1, 1, 1 << 5])
    }

    @Test("hold from the batch behind which they came, which is published before")
    func boundary() throws {
        let port = try TestPort()
        let client = try port.connect()
        client.send("one\n")
        try port.receive(1)
        try port.send("two")
        client.send("three\n")
        try port.send { $0.services[0].topics = ["other"] }
        try port.run { port.counters.page.settingsApplied == 2 }
        #expect(port.counters.page.appliedHead == port.producer.published)
        try port.receive(3)
        client.send("four\n")
        try port.receive(4)
        let masks = port.records().map(\.mask)
        let before = Int(port.counters.page.appliedHead) - 1
        #expect(masks == (0..<4).map { $0 < before ? 1 : 0 })
        #expect(before >= 1)
    }

    @Test("are written down by an acceptor that starts with them, before it routes by them")
    func start() throws {
        let port = try TestPort()
        #expect(port.counters.page.settingsApplied == 1 && port.counters.page.appliedHead == 1)
        try port.send("one")
        try port.receive(1)
        // What a predecessor had read and not published is routed by the new ones.
        let dying = try port.predecessor()
        try port.send("two")
        #expect(try dying.receive(from: port.udp.raw) == 1)
        try port.send { $0.services[0].topics = ["other"] }
        try port.replaceAcceptor()
        #expect(port.counters.page.settingsApplied == 2 && port.counters.page.appliedHead == 2)
        #expect(port.records().map(\.mask) == [1, 0])
        #expect(port.heard() == .ready(settingsVersion: 2))
    }

    @Test("keep the place that a predecessor wrote down for them")
    func successor() throws {
        let port = try TestPort()
        try port.send("one")
        try port.receive(1)
        try port.goOver { $0.services[0].topics = ["other"] }
        try port.send("two")
        try port.receive(2)
        try port.replaceAcceptor()
        #expect(port.counters.page.settingsApplied == 2 && port.counters.page.appliedHead == 2)
        #expect(port.heard() == .ready(settingsVersion: 2))
    }

    // MARK: limits

    @Test("let living connections send longer messages when max-message grows")
    func longer() throws {
        let port = try TestPort(arena: 1 << 22)
        let (lines, native) = (try port.connect(), try port.connect())
        // Half a message each, which must fit into what it has begun with.
        let body = String(repeating: "x", count: 200_000)
        lines.send("x")
        native.send(Native.hello(1))
        try port.run { native.frames().count == 1 && port.acceptor.connections.table.all.contains { $0.unread == 1 } }
        try port.goOver { $0.port.maxMessage = 1 << 18 }
        var rest = [Array((body + "\n").utf8), Native.publish(1, "a.b", body)]
        try port.run {
            for (index, client) in [lines, native].enumerated() where !rest[index].isEmpty {
                rest[index].removeFirst(client.send(rest[index]))
            }
            return port.producer.intake.published == 2
        }
        #expect(Set(port.records().map(\.body.count)) == [200_001, 200_000])
        try port.run { native.frames().last == .ack(1) }
    }

    @Test("refuse what is too long when max-message falls: a native frame by its number, a line with its connection")
    func shorter() throws {
        let port = try TestPort { $0.port.maxMessage = 1 << 16 }
        let (lines, native) = (try port.connect(), try port.connect())
        lines.send("one\n")
        native.send(Native.hello(1))
        try port.run { native.frames().count == 1 && port.producer.intake.published == 1 }
        try port.goOver { $0.port.maxMessage = 1_000 }
        let body = String(repeating: "x", count: 10_000)
        native.send(Native.publish(1, "a.b", body) + Native.publish(2))
        lines.send(body)
        try port.run { native.frames().last == .ack(2) && lines.text().hasPrefix("error line-too-long:") }
        #expect(native.frames().dropFirst() == [.error(1, .tooLarge), .ack(2)])
        #expect(port.refused(.tooLarge) == 1 && port.refused(.lineTooLong) == 1)
        try port.send(String(repeating: "x", count: 1_001))
        try port.run { port.refused(.tooLarge) == 2 }
        #expect(port.records().map(\.text) == ["one", "hello"])
    }

    @Test("cut no connection when max-connections falls, and accept anew when there are fewer")
    func connections() throws {
        let port = try TestPort { $0.port.maxConnections = 3 }
        let clients = try (0..<3).map { _ in try port.connect() }
        try port.run { port.acceptor.connections.count == 3 }
        try port.goOver { $0.port.maxConnections = 2 }
        let fourth = try port.connect()
        try port.run { fourth.sawEnd() }
        for client in clients { client.send("x\n") }
        try port.receive(3)
        clients[0].close()
        clients[1].close()
        try port.run { port.acceptor.connections.count == 1 }
        let fifth = try port.connect()
        fifth.send("x\n")
        try port.receive(4)
    }

    @Test("set the clocks of living connections anew")
    func clocks() throws {
        let port = try TestPort { $0.port.frameTimeout = .milliseconds(50) }
        let patient = try port.connect()
        try port.run { port.acceptor.connections.count == 1 }
        try port.goOver { $0.port.frameTimeout = .seconds(600) }
        // The clock that was set before rings, and is set anew.
        let until = Clock.monotonic() + 100_000_000
        try port.run { Clock.monotonic() >= until }
        #expect(port.acceptor.connections.count == 1)
        patient.send("one\n")
        try port.receive(1)
        try port.goOver { $0.port.idleTimeout = .milliseconds(10) }
        try port.run { patient.text().hasPrefix("error timed-out:") }
    }

    // MARK: workers

    @Test("bring new workers, who are rung for, and take others away")
    func workers() throws {
        let port = try TestPort()
        let page = try MemoryFile(named: "page", size: ProcessPage.size)
        let sleeper = try ProcessPage(MemoryFile.map(page.descriptor.raw, writable: true))
        sleeper.announceSleep(interest: 1)
        port.worker.page.announceSleep(interest: 1)
        let bell = try EventCounter()
        #expect(port.channel.send(.workerPage(index: 3), passing: page.descriptor.raw) == .sent)
        #expect(port.channel.send(.workerBell(index: 3), passing: bell.raw) == .sent)
        try port.goOver { $0.workers.count = 4 }
        port.workerBell.drain()
        try port.send("x")
        try port.receive(1)
        let rung = [bell.drain(), port.workerBell.drain()]
        #expect(rung == [true, false])
    }
}
