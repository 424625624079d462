// SPDX-License-Identifier: Apache-2.0
/// Changes of the running settings, with real processes: `reload`, SIGHUP and `workers N`, at rest, under load, and with
/// roles killed in the middle.
/// Invariant of each test: what was accepted is delivered once, in its order, and both sides of the ledger balance (every
/// `Ledger` that is read is held to it).

import LinuxIO
import Testing

@Suite("Live changes")
struct ReloadTests {
    let scratch: Scratch
    let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
    }

    // MARK: load

    /// A sender of numbered lines, at work.
    private func sender(_ broker: Broker, _ count: Int, topic: String = "load.all") throws -> Program {
        let input = (1...count).map { "\($0)\n" }.joined()
        return try Program(
            Executables.belfry, ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", topic, "--lines", "-"],
            in: scratch, input: Array(input.utf8))
    }

    private func send(_ broker: Broker, _ topic: String, _ bodies: [String]) throws {
        let sent = try broker.belfry(
            ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", topic, "--lines", "-"],
            input: bodies.joined(separator: "\n") + "\n")
        #expect(sent.succeeded, "\(sent.errors)")
    }

    /// Changes one after the other while the sender is at work; each is answered and the ledger balances behind it.
    private func change(
        _ broker: Broker, while sender: Program, _ changes: [() throws -> Control.Answer]
    ) throws {
        var round = 0
        while !sender.hasEnded || round < changes.count {
            let answer = try changes[round % changes.count]()
            #expect(answer.succeeded, "\(answer)\n\(broker.program.errors)")
            _ = try broker.ledger()
            round += 1
        }
        #expect(try sender.wait().succeeded, "\(sender.errors)")
    }

    /// Everything arrived, in its order, and nothing twice but what a kill cut off.
    private func expectAll(
        _ count: Int, _ broker: Broker, as name: String = "recorder", isOrdered: Bool = true, mayRepeat: Bool = false
    ) throws {
        let ledger = try broker.ledger("all delivered") { $0.services[name]?.pending == 0 }
        #expect(ledger.services[name]?.delivered == UInt64(count), "\(ledger)\n\(broker.program.errors)")
        var seen = Set<Int>()
        var first: [Int] = []
        let all = try recorder.deliveries().compactMap { Int($0.text) }
        for number in all where seen.insert(number).inserted { first.append(number) }
        #expect(seen == Set(1...count), "\(count - seen.count) are missing")
        if isOrdered { #expect(first == first.sorted()) }
        if !mayRepeat { #expect(all.count == count) }
    }

    // MARK: workers

    @Test("from one worker to four and to two under load; the answer comes when there are so many")
    func workers() throws {
        let broker = try Broker(
            scratch, services: [recorder.service("\">\"", "instances: 4", "order: source")],
            settings: "workers: { count: 1 }")
        let load = try sender(broker, 20_000)
        let counts = [4, 2, 1, 3]
        _ = try change(
            broker, while: load,
            counts.map { count in
                {
                    let answer = try broker.ask("workers \(count)")
                    let status = try broker.status()
                    #expect(status.workers.map(\.index) == Array(0..<count))
                    #expect(status.workers.allSatisfy { $0.pid != nil && $0.restarts == 0 })
                    #expect(Roles.pids("worker", of: broker).count == count)
                    return answer
                }
            })
        try expectAll(20_000, broker)
        try broker.stop()
    }

    @Test("how many workers there are holds until the next reload")
    func workersUntilReload() throws {
        let broker = try Broker(scratch, services: [recorder.service()], settings: "workers: { count: 2 }")
        #expect(try broker.ask("workers 3").lines == ["workers.count: 2 -> 3"])
        #expect(try broker.ask("workers 3").lines == ["nothing has changed"])
        #expect(try broker.ask("reload").lines == ["workers.count: 3 -> 2"])
        #expect(try broker.ask("reload").lines == ["nothing has changed"])
        try broker.stop()
    }

    // MARK: services

    @Test("a service that is added gets all that is accepted behind the answer")
    func added() throws {
        let other = try Recorder.exec("other", in: scratch)
        let broker = try Broker(scratch, services: [recorder.service()])
        try send(broker, "a", ["before"])
        let answer = try broker.reload(services: [recorder.service(), other.service()])
        #expect(answer.lines == ["services.other: added"])
        try send(broker, "a", ["behind"])
        try recorder.wait(for: 2)
        #expect(try other.wait(for: 1).map(\.text) == ["behind"])
        #expect(try broker.ledger("delivered") { $0.services["other"]?.delivered == 1 }.services["other"]?.matched == 1)
        try broker.stop()
    }

    /// A service that waits for a file named `go`, with ten notifications: one in its hands, nine waiting.
    private func blocked(_ options: String...) throws -> (broker: Broker, service: String) {
        let script = try scratch.write(
            "blocked.sh",
            """
            #!/bin/sh
            cat >/dev/null
            : >'\(scratch.path)/begun'
            until [ -e '\(scratch.path)/go' ]; do sleep 0.05; done

            """, executable: true)
        let service =
            (["- name: blocked", "  topics: [\">\"]", "  command: [\(script)]"] + options.map { "  " + $0 })
            .joined(separator: "\n")
        let broker = try Broker(scratch, services: [service])
        try send(broker, "a", (1...10).map(String.init))
        _ = try scratch.wait("the first delivery") { scratch.exists("begun") ? true : nil } as Bool
        return (broker, service)
    }

    @Test("what is pending for a service that is removed is delivered, and its account stays")
    func drained() throws {
        let (broker, _) = try blocked()
        #expect(try broker.reload(services: []).lines == ["services.blocked: removed (draining)"])
        #expect(try broker.status()[service: "blocked"]?.state == "draining")
        try send(broker, "a", ["for nobody"])
        #expect(try broker.ledger().services["blocked"]?.pending == 10)
        try scratch.write("go", "")
        let ledger = try broker.ledger("drained") { $0.services["blocked"]?.pending == 0 }
        #expect(ledger.services["blocked"]?.delivered == 10 && ledger.intake.unrouted == 1)
        // Free again, it is not shown as a service any more; what it did stays in the ledger.
        _ = try scratch.poll("the slot to be free") { try broker.status().services.isEmpty ? true : nil } as Bool
        #expect(try broker.ledger().services["blocked"] == ledger.services["blocked"])
        try broker.stop()
    }

    @Test("with on-remove: drop what was not handed out is dropped as removed, and what was is finished")
    func dropped() throws {
        let (broker, _) = try blocked("on-remove: drop")
        #expect(try broker.reload(services: []).lines == ["services.blocked: removed (dropping)"])
        let ledger = try broker.ledger("dropped") { $0.services["blocked"]?.dropped["removed"] == 9 }
        #expect(ledger.services["blocked"]?.pending == 1)
        try scratch.write("go", "")
        let last = try broker.ledger("finished") { $0.services["blocked"]?.pending == 0 }
        #expect(last.services["blocked"]?.delivered == 1 && last.services["blocked"]?.dropped == ["removed": 9])
        try broker.stop()
    }

    @Test("with on-remove: dead what was not handed out becomes dead letters, and what was is finished")
    func buried() throws {
        let (broker, _) = try blocked("on-remove: dead")
        #expect(try broker.reload(services: []).lines == ["services.blocked: removed (into dead letters)"])
        let ledger = try broker.ledger("buried") { $0.services["blocked"]?.dead == 9 }
        #expect(ledger.services["blocked"]?.pending == 1)
        try scratch.write("go", "")
        let last = try broker.ledger("finished") { $0.services["blocked"]?.pending == 0 }
        #expect(last.services["blocked"]?.delivered == 1 && last.services["blocked"]?.dead == 9)
        let listed = try broker.belfry(["dead", "list", "--json"])
        #expect(listed.output.components(separatedBy: #""reason":"removed""#).count == 10, "\(listed)")
        try broker.stop()
    }

    @Test("a renamed service keeps what is pending and what it has counted")
    func renamed() throws {
        let (broker, service) = try blocked()
        let renamed = service.replacing("name: blocked", with: "name: other\n  renamed-from: blocked")
        let answer = try broker.reload(services: [renamed])
        #expect(answer.lines == ["services.other: renamed from blocked"])
        let ledger = try broker.ledger()
        #expect(ledger.services["other"]?.pending == 10 && ledger.services["blocked"] == nil)
        try scratch.write("go", "")
        _ = try broker.ledger("delivered") { $0.services["other"]?.delivered == 10 }
        try broker.stop()
    }

    @Test("command, patterns, window, shards, order and name change under load")
    func underLoad() throws {
        let broker = try Broker(scratch, services: [recorder.service("\">\"", "order: source")])
        let load = try sender(broker, 20_000)
        var name = "recorder"
        var round = 0
        let forms = [
            ["order: source", "instances: 3"], ["order: all", "in-flight: 16"], ["order: source", "in-flight: 200"],
            ["order: topic", "instances: 2"], ["order: source", "environment: { A: ROUND }"],
        ]
        func next() throws -> Control.Answer {
            round += 1
            let options = forms[round % forms.count].map { $0.replacing("ROUND", with: "r\(round)") }
            let patterns = round % 2 == 0 ? "\">\"" : "load.*, \"x.>\""
            var service = recorder.service(patterns, options[0], options[1])
            let new = round % 3 == 0 ? "recorder-\(round)" : name
            if new != name { service += "\n  renamed-from: \(name)" }
            service = service.replacing("name: recorder\n", with: "name: \(new)\n")
            name = new
            return try broker.reload(services: [service])
        }
        try change(broker, while: load, Array(repeating: next, count: 10))
        try expectAll(20_000, broker, as: name)
        try broker.stop()
    }

    @Test("a kill -9 of any role in the middle of a change loses nothing, and the change goes through")
    func killed() throws {
        let broker = try Broker(
            scratch, services: [recorder.service("\">\"", "order: source", "instances: 3")],
            settings: "workers: { count: 3 }")
        let load = try sender(broker, 20_000)
        var round = 0
        func next() throws -> Control.Answer {
            round += 1
            try broker.rewrite(
                services: [recorder.service("\">\"", "order: source", "instances: \(2 + round % 2)")],
                settings: "workers: { count: \(2 + round % 3) }")
            let control = try Control(broker.control)
            try control.send("reload")
            Roles.signal(Signal.kill, round % 2 == 0 ? "acceptor" : "worker", of: broker, round: round)
            return try control.answer()
        }
        try change(broker, while: load, Array(repeating: next, count: 6))
        try expectAll(20_000, broker, mayRepeat: true)
        try broker.stop()
    }

    @Test("while belfryd ends nothing is changed any more")
    func draining() throws {
        let (broker, _) = try blocked()
        broker.program.signal(Signal.terminate)
        _ =
            try scratch.wait("the drain", alongside: broker.program) {
                broker.program.errors.contains("taking nothing more") ? true : nil
            } as Bool
        #expect(try broker.ask("workers 4").verdict == "error: belfryd is ending; nothing more is changed")
        try scratch.write("go", "")
        #expect(try broker.program.wait().status == .exited(0))
    }
}
