// SPDX-License-Identifier: Apache-2.0
/// Starting, ending and dying: what belfryd promises for its end, and what survives when a process of it is killed.
/// Invariant of each test: an accepted notification is delivered or stands in the last ledger with its reason, and nothing
/// is left of a broker that has ended.

import Foundation
import LinuxIO
import Testing

@Suite("Ends and deaths")
struct LifecycleTests {
    let scratch: Scratch
    let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
    }

    private func send(_ broker: Broker, _ bodies: [String]) throws {
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", "--lines", "-"]
        let sent = try broker.belfry(to, input: bodies.joined(separator: "\n") + "\n")
        #expect(sent.succeeded, "\(sent.errors)")
    }

    private func lastLedger() throws -> Ledger {
        try Ledger(json: Data(scratch.read("state/ledger.json")))
    }

    @Test("SIGTERM delivers what was accepted, exits 0 and leaves the last ledger")
    func drains() throws {
        let slow = try scratch.write(
            "slow.sh",
            """
            #!/bin/sh
            while read -r line; do
                id=${line#'{"id":"'}; id=${id%%'"'*}
                [ -e '\(scratch.path)/go' ] || { : >'\(scratch.path)/begun'; read -r _ <'\(scratch.path)/gate'; }
                echo "ok $id"
            done

            """, executable: true)
        try scratch.run("mkfifo", [scratch.file("gate")])
        let item = "- name: slow\n  topics: [\">\"]\n  command: [\(slow)]\n  mode: stream"
        let broker = try Broker(scratch, services: [item])
        try send(broker, (1...100).map { "line \($0)" })
        _ = try scratch.wait("the first delivery") { scratch.exists("begun") ? true : nil } as Bool
        broker.program.signal(Signal.terminate)
        try scratch.write("go", "")
        try scratch.run("sh", ["-c", "echo go >'\(scratch.path)/gate'"])
        #expect(try broker.program.wait().status == .exited(0))
        #expect(try lastLedger().services["slow"]?.delivered == 100)
        try broker.expectNothingLeft()
    }

    private func blocked(_ grace: String) throws -> Broker {
        let script = try scratch.write("blocked.sh", "#!/bin/sh\nexec sleep 1000\n", executable: true)
        let item = "- name: blocked\n  topics: [\">\"]\n  command: [\(script)]\n  mode: stream\n  in-flight: 4"
        let broker = try Broker(scratch, services: [item], settings: "shutdown: { grace: \(grace) }")
        try send(broker, (1...10).map { "line \($0)" })
        _ = try broker.service("blocked", "in flight") { $0.inFlight == 4 }
        return broker
    }

    @Test("what is undelivered after the grace is kept for the next start, and the ledger says so")
    func graceOver() throws {
        let broker = try blocked("300ms")
        try broker.stop()
        let service = try lastLedger().services["blocked"]
        #expect(service?.pending == 10 && service?.dropped == [:])
        #expect(broker.program.errors.contains("nothing lost: 10 kept for the next start"))
    }

    @Test("a second SIGTERM ends at once", arguments: [Signal.terminate, Signal.interrupt])
    func secondSignal(_ second: CInt) throws {
        let broker = try blocked("10m")
        broker.program.signal(Signal.terminate)
        _ =
            try scratch.poll("draining") {
                try? scratch.run(Executables.belfry, ["--control", broker.control, "status", "--json"]).output
                    .contains("draining") == true ? true : nil
            } as Bool
        broker.program.signal(second)
        _ = try broker.program.wait(until: .after(.seconds(10)))
        try broker.expectNothingLeft()
    }

    @Test("a killed acceptor is replaced, the port goes on, and nothing that was accepted is lost or doubled")
    func acceptorKilled() throws {
        let broker = try Broker(scratch, services: [recorder.service()])
        try send(broker, ["before"])
        try Roles.killAndReplace("acceptor", of: broker)
        try send(broker, ["after"])
        #expect(try recorder.wait(for: 2).map(\.text) == ["before", "after"])
        let ledger = try broker.ledger("both delivered") { $0.services["recorder"]?.delivered == 2 }
        #expect(ledger.intake.published == 2)
        try broker.stop()
        #expect(try recorder.deliveries().count == 2)
    }

    @Test("a datagram that comes while no acceptor lives waits in the socket for the next one")
    func datagramBetween() throws {
        let broker = try Broker(scratch, services: [recorder.service()])
        let client = try Client.udp(broker.port)
        Roles.signal(Signal.kill, "acceptor", of: broker)
        for number in 1...20 { try client.send("datagram \(number)") }
        #expect(try recorder.wait(for: 20).map(\.text) == (1...20).map { "datagram \($0)" })
        try broker.stop()
    }

    @Test("a killed worker's services are ended, and what they held is delivered again")
    func workerKilled() throws {
        let text = """
            #!/bin/sh
            while read -r line; do
                printf '%s\\n' "$line" >>'\(scratch.path)/lines'
                case $line in *'"redelivered":true'*) ;; *) sleep 1000 ;; esac
                id=${line#'{"id":"'}; echo "ok ${id%%'"'*}"
            done

            """
        let item =
            "- name: holder\n  topics: [\">\"]\n  command: [\(try scratch.write("h.sh", text, executable: true))]\n  mode: stream"
        let broker = try Broker(scratch, services: [item], settings: "workers: { count: 1 }")
        try send(broker, ["held"])
        _ = try scratch.wait("the first delivery") { scratch.text("lines").isEmpty ? nil : true } as Bool
        try Roles.killAndReplace("worker", of: broker)
        let ledger = try broker.ledger("the second delivery") { $0.services["holder"]?.delivered == 1 }
        #expect(ledger.services["holder"]?.matched == 1)
        let lines = scratch.text("lines").split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.contains(#""attempt":1"#) }, "a death of ours counts as an attempt: \(lines)")
        try broker.stop()
    }

    @Test("when the supervisor is killed nothing of it stays, and the next start finds a free port and folder")
    func supervisorKilled() throws {
        let broker = try Broker(scratch, services: [recorder.service()])
        try send(broker, ["one"])
        try recorder.wait(for: 1)
        broker.program.signal(Signal.kill)
        _ = try broker.program.wait()
        _ = try scratch.poll("no process left") { LeftOver.pids(of: scratch).isEmpty ? true : nil } as Bool
        let next = try Broker(scratch, services: [recorder.service()])
        try send(next, ["two"])
        #expect(try recorder.wait(for: 2)[1].text == "two")
        try next.stop()
    }

    @Test("the port in use is told with who holds it")
    func portInUse() throws {
        let broker = try Broker(scratch, services: [])
        let other = try Scratch()
        let file = try Broker.configure(other, [], "number: \(broker.port)")
        let second = try other.run(Executables.belfryd, ["--config", file])
        #expect(second.status == .exited(1))
        #expect(second.errors.contains("127.0.0.1:\(broker.port)"), "\(second.errors)")
        #expect(second.errors.contains("\(broker.program.pid)"), "\(second.errors)")
        try broker.stop()
    }

    @Test("a state folder that is in use is told with who holds it")
    func stateLocked() throws {
        let broker = try Broker(scratch, services: [])
        let second = try scratch.run(Executables.belfryd, ["--config", scratch.file("belfry.yaml")])
        #expect(second.status == .exited(1))
        #expect(second.errors.contains("\(scratch.path)/state"), "\(second.errors)")
        #expect(second.errors.contains("\(broker.program.pid)"), "\(second.errors)")
        try broker.stop()
    }

    @Test("out of descriptors, the acceptor refuses what it can't hold and recovers by itself")
    func outOfDescriptors() throws {
        let limit = [(resource: ResourceLimit(rawValue: "nofile")!.resource, soft: UInt64(64), hard: UInt64(64))]
        let broker = try Broker(scratch, services: [recorder.service()], limits: limit)
        var clients: [Client] = []
        for _ in 1...100 { clients.append(try Client.tcp(broker.port)) }
        try Client.udp(broker.port).send("datagram")
        try recorder.wait(for: 1)
        clients.removeAll()
        try send(broker, ["recovered"])
        #expect(try recorder.wait(for: 2)[1].text == "recovered")
        try broker.stop()
    }

    @Test("an idle broker wakes up for nothing but its watchdog", arguments: ["acceptor", "worker"])
    func idle(_ role: String) throws {
        let broker = try Broker(scratch, services: [recorder.service()])
        try send(broker, ["one"])
        _ = try broker.ledger("delivered") { $0.services["recorder"]?.delivered == 1 }
        let before = try Roles.sleeps(role, of: broker)
        // Not waiting for something to come but looking that for two seconds nothing does.
        #expect(try !Deadline.after(.seconds(2)).wait(on: broker.program.raw))
        #expect(try Roles.sleeps(role, of: broker) - before < 30)
        try broker.stop()
    }
}
