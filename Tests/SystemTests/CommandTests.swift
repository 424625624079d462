// SPDX-License-Identifier: Apache-2.0
/// The two executables as an operator and a script meet them: reports, their JSON, checks of a configuration, exit codes.
/// Invariant of each test: keys and exit codes are those that the documents promise, neither more nor other ones.

import Foundation
import LinuxIO
import Testing

@Suite("Commands")
struct CommandTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func keys(_ text: String, _ path: String...) throws -> Set<String> {
        var value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        for step in path {
            if let list = value as? [Any] { value = list.first ?? [:] }
            value = (value as? [String: Any])?[step] ?? [:]
        }
        if let list = value as? [Any] { value = list.first ?? [:] }
        return Set((value as? [String: Any] ?? [:]).keys)
    }

    @Test("status tells about supervisor, acceptor, workers, services, ring and rates")
    func statusText() throws {
        let recorder = try Recorder.stream("archive", in: scratch)
        let broker = try Broker(scratch, services: [recorder.service()])
        let status = try broker.belfry(["status"])
        #expect(status.succeeded, "\(status.errors)")
        for word in ["generation", "acceptor", "worker", "archive", "stopped", "ring", "\(broker.port)"] {
            #expect(status.output.lowercased().contains(word), "no \(word) in\n\(status.output)")
        }
        #expect(status.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
        try broker.stop()
    }

    @Test("ledger --json has the documented keys")
    func ledgerKeys() throws {
        let recorder = try Recorder.stream("archive", in: scratch)
        let broker = try Broker(scratch, services: [recorder.service()])
        let json = try broker.belfry(["ledger", "--json"]).output
        #expect(try keys(json) == ["since", "intake", "services"])
        let intake = [
            "received", "published", "duplicate", "refused", "routed", "unrouted", "replayed", "kernel-dropped",
        ]
        #expect(try keys(json, "intake") == Set(intake))
        let service = ["matched", "delivered", "dead", "dropped", "pending", "in-flight", "parked"]
        #expect(try keys(json, "services", "archive") == Set(service))
        try broker.stop()
    }

    @Test("the ledger for people shows both sides")
    func ledgerText() throws {
        let recorder = try Recorder.stream("archive", in: scratch)
        let broker = try Broker(scratch, services: [recorder.service()])
        try Client.udp(broker.port).send("hello")
        try recorder.wait(for: 1)
        let ledger = try broker.belfry(["ledger"])
        for word in ["received", "published", "refused", "unrouted", "archive", "delivered", "pending"] {
            #expect(ledger.output.lowercased().contains(word), "no \(word) in\n\(ledger.output)")
        }
        try broker.stop()
    }

    @Test("drain acts as SIGTERM")
    func drain() throws {
        let broker = try Broker(scratch, services: [])
        #expect(try broker.belfry(["drain"]).succeeded)
        #expect(try broker.program.wait().status == .exited(0))
        try broker.expectNothingLeft()
    }

    @Test("a broker that does not run is told as a failure, with its socket", arguments: ["status", "ledger", "drain"])
    func noBroker(_ verb: String) throws {
        let result = try scratch.run(Executables.belfry, ["--control", scratch.file("none"), verb])
        #expect(result.status == .exited(1))
        #expect(result.errors.contains(scratch.file("none")), "\(result.errors)")
    }

    @Test("wrong usage exits with 2 and says what would be right")
    func wrongUsage() throws {
        for arguments in [[], ["--config"], ["--nonsense"], ["--config", "a", "b"]] {
            let result = try scratch.run(Executables.belfryd, arguments)
            #expect(result.status == .exited(2), "belfryd \(arguments): \(result)")
            #expect(result.errors.contains("--config"))
        }
        for arguments in [["nonsense"], ["status", "--nonsense"], ["send"], ["check"]] {
            let result = try scratch.run(Executables.belfry, arguments)
            #expect(result.status == .exited(2), "belfry \(arguments): \(result)")
        }
    }

    @Test("send to a port where nobody listens fails with a reason")
    func nobodyListens() throws {
        let broker = try Broker(scratch, services: [])
        try broker.stop()
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a.b", "body"]
        let result = try scratch.run(Executables.belfry, to)
        #expect(result.status == .exited(1))
        #expect(result.errors.contains("\(broker.port)"), "\(result.errors)")
    }

    @Test("a person can ask on the control socket, and a wrong request changes nothing")
    func controlByHand() throws {
        let broker = try Broker(scratch, services: [])
        let wrong = try scratch.run("nc", ["-N", "-U", broker.control], input: "fire\n")
        #expect(wrong.output.contains("status"), "no word about what would be right: \(wrong.output)")
        let right = try scratch.run("nc", ["-N", "-U", broker.control], input: "status json\n")
        #expect(right.output.contains(#""generation":1"#), "\(right.output)")
        try broker.stop()
    }

    @Test("--watch shows the report again and again until it is told to end", arguments: ["status", "ledger"])
    func watch(_ verb: String) throws {
        let broker = try Broker(scratch, services: [])
        let program = try Program(
            Executables.belfry, ["--control", broker.control, verb, "--json", "--watch"], in: scratch)
        _ =
            try scratch.wait("three reports", alongside: program) {
                program.output.split(separator: "\n").count >= 3 ? true : program.hasEnded ? false : nil
            } as Bool
        #expect(!program.hasEnded, "\(program.errors)")
        program.signal(Signal.interrupt)
        try program.wait()
        try broker.stop()
    }
}
