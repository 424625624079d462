// SPDX-License-Identifier: Apache-2.0
/// The programs of Examples/swift, as they are shipped, against a real broker: publishing over TCP, also through a proxy
/// that keeps breaking connections (Tests/Tools/cutter.py), in datagrams, and serving, both ways.
/// Invariant of each test: what the service kept is what was published, each once, and the ledger agrees.

import LinuxIO
import Testing

@Suite("Swift programs publish and serve")
struct SwiftClientTests {
    static let services = ["serve", "serve-blocking"]

    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// A service that keeps what it gets in the file `archive`.
    private func broker(_ program: String, _ options: String...) throws -> Broker {
        let lines = [
            "- name: archive", "  topics: [\"test.>\"]",
            "  command: [\(Executables.example(program)), \(scratch.file("archive"))]", "  mode: stream",
            "  framing: frames", "  retry: { backoff: 10ms, max-backoff: 50ms }",
        ]
        return try Broker(scratch, services: [(lines + options.map { "  " + $0 }).joined(separator: "\n")])
    }

    private func publish(
        _ bodies: [String], to port: String, with program: String = "publish", until deadline: Deadline = .after()
    ) throws -> Program.Result {
        let input = bodies.map { $0 + "\n" }.joined()
        let words = ["127.0.0.1:\(port)", "test.topic"]
        let sent = try scratch.run(Executables.example(program), words, input: input, until: deadline)
        #expect(sent.succeeded, "\(sent.errors)\(sent.output)")
        return sent
    }

    private func delivered(_ count: UInt64, by broker: Broker) throws -> Ledger {
        try broker.ledger("\(count) acks", until: .after(.seconds(60))) {
            $0.services["archive"]?.delivered == count && $0.services["archive"]?.pending == 0
        }
    }

    /// What the service kept, without the id: attempt, topic, body.
    private func kept() -> [String] {
        scratch.text("archive").split(separator: "\n").map { line in
            String(line.drop { $0 != " " }.dropFirst())
        }
    }

    @Test("all that is published is served, each once and in order", arguments: services)
    func serves(_ program: String) throws {
        let broker = try broker(program, "order: all")
        let bodies = (0..<20_000).map { "body \($0) \"ü\"" }
        let sent = try publish(bodies, to: "\(broker.port)")
        #expect(sent.output == "20000 accepted\n")
        let ledger = try delivered(20_000, by: broker)
        #expect(ledger.intake.published == 20_000 && ledger.intake.duplicate == 0)
        #expect(kept() == bodies.map { "1 test.topic \($0)" })
        #expect(try broker.status()[service: "archive"]?.retried == 0)
        try broker.stop()
    }

    @Test("a publisher whose connection is cut again and again loses and doubles nothing", arguments: [1, 2])
    func cut(_ seed: Int) throws {
        let broker = try broker("serve", "order: all")
        let cutter = "\(Executables.repository)/Tests/Tools/cutter.py"
        let proxy = try Program("python3", [cutter, "\(broker.port)", "12", "\(seed)"], in: scratch)
        let port = try scratch.wait("the proxy's port", alongside: proxy) {
            proxy.output.hasSuffix("\n") ? String(proxy.output.dropLast()) : nil
        }
        let bodies = (0..<5_000).map { "line \($0) " + String(repeating: "x", count: $0 % 200) }
        let sent = try publish(bodies, to: port, until: .after(.seconds(60)))
        #expect(sent.output.contains("the connection broke; connecting again\n"))
        #expect(sent.output.hasSuffix("5000 accepted\n"))
        let ledger = try delivered(5_000, by: broker)
        #expect(ledger.intake.published == 5_000)
        #expect(ledger.intake.duplicate == 0, "WELCOME tells what was taken; only the rest is sent again")
        #expect(proxy.output.split(separator: "\n").count > 6, "hardly a connection was cut")
        #expect(kept() == bodies.map { "1 test.topic \($0)" })
        proxy.signal(Signal.kill)
        try proxy.wait()
        try broker.stop()
    }

    @Test("a publisher goes on when the acceptor is killed under it, and nothing is lost or doubled")
    func acceptorKilled() throws {
        let broker = try broker("serve", "order: all")
        let bodies = (0..<50_000).map { "line \($0) " + String(repeating: "x", count: $0 % 200) }
        let input = bodies.map { $0 + "\n" }.joined()
        let words = ["127.0.0.1:\(broker.port)", "test.topic"]
        let sender = try Program(Executables.example("publish"), words, in: scratch, input: Array(input.utf8))
        var kills = 0
        while try !Deadline.after(.milliseconds(50)).wait(on: sender.raw) {
            if try broker.ledger().intake.published > 0, Roles.signal(Signal.kill, "acceptor", of: broker) {
                kills += 1
            }
        }
        let result = try sender.wait()
        #expect(result.succeeded, "\(result.errors)\(result.output)")
        #expect(kills > 0, "the acceptor was never killed: the sender was too fast for this test")
        #expect(try delivered(50_000, by: broker).intake.published == 50_000)
        #expect(kept() == bodies.map { "1 test.topic \($0)" })
        try broker.stop()
    }

    @Test("datagrams arrive as they were sent, many with one system call")
    func datagrams() throws {
        let broker = try broker("serve")
        let bodies = (0..<150).map { "sample \($0)" }
        _ = try publish(bodies, to: "\(broker.port)", with: "publish-datagrams")
        _ = try delivered(150, by: broker)
        #expect(Set(kept()) == Set(bodies.map { "1 test.topic \($0)" }))
        try broker.stop()
    }

    @Test("what can't be done is a dead letter, and the rest goes on", arguments: services)
    func dead(_ program: String) throws {
        let broker = try broker(program)
        _ = try publish(["one", "", "two"], to: "\(broker.port)")
        let ledger = try delivered(2, by: broker)
        #expect(ledger.services["archive"]?.dead == 1)
        #expect(kept().sorted() == ["1 test.topic one", "1 test.topic two"])
        try broker.stop()
    }

    @Test("a service that is told to finish answers what it has, and nothing comes twice", arguments: services)
    func finishes(_ program: String) throws {
        let broker = try broker(program, "idle-timeout: 1s")
        for wave in 1...2 {
            _ = try publish((0..<1_000).map { "wave \(wave) number \($0)" }, to: "\(broker.port)")
            _ = try delivered(UInt64(wave * 1_000), by: broker)
            _ = try broker.service("archive", "its end for want of work") { $0.instances == 0 }
        }
        #expect(kept().count == 2_000 && Set(kept()).count == 2_000)
        #expect(try broker.status()[service: "archive"]?.retried == 0)
        try broker.stop()
    }

    @Test("a service that is started by hand says who should start it", arguments: services)
    func byHand(_ program: String) throws {
        let result = try scratch.run(Executables.example(program), [scratch.file("archive")])
        #expect(result.status == .exited(1))
        #expect(result.output.hasPrefix("\(program): BELFRY_FD is not set"), "\(result.output)")
    }

    @Test("a publisher to a port where nobody listens says so")
    func nobody() throws {
        let broker = try broker("serve")
        try broker.stop()
        let words = ["127.0.0.1:\(broker.port)", "test.topic"]
        let result = try scratch.run(Executables.example("publish"), words)
        #expect(result.status == .exited(1))
        #expect(result.output == "publish: 127.0.0.1:\(broker.port): connection refused\n")
    }
}
