// SPDX-License-Identifier: Apache-2.0
/// `belfry restart SERVICE`, against a real broker with real services.
/// Invariant of each test: what was sent is delivered once, whatever is restarted meanwhile.

import Foundation
import LinuxIO
import Testing

@Suite("Restarts of services", .timeLimit(.minutes(3)))
struct ServiceRestartTests {
    private static let restarts = 10

    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func item(_ name: String, _ account: Account, _ options: String...) -> String {
        let lines = [
            "- name: \(name)", "  topics: [\"load.>\", \"slow.>\", \"noise.>\"]",
            "  command: [\(account.recorder), \(account.folder)]", "  mode: stream",
        ]
        return (lines + options.map { "  " + $0 }).joined(separator: "\n")
    }

    @Test("ten of each stream service under load lose nothing, double nothing, and keep the order")
    func underLoad() throws {
        let recorder = try Account.compile("recorder", in: scratch)
        let accounts = try ["lines", "frames", "pair"].map { try Account($0, recorder: recorder, in: scratch) }
        let broker = try Broker(
            scratch,
            services: [
                item("lines", accounts[0], "order: source"),
                item("frames", accounts[1], "framing: frames", "order: all"),
                item("pair", accounts[2], "framing: frames", "instances: 2"),
                "- { name: once, topics: [other], command: [/bin/true] }",
            ])
        let load = try Program(
            Account.compile("steady", in: scratch), ["127.0.0.1", "\(broker.port)", "0", "4000"], in: scratch)
        for account in accounts { _ = try scratch.poll("the first") { account.count > 100 ? true : nil } }
        for _ in 0..<Self.restarts {
            let result = try broker.belfry(["restart", "--all", "--json"])
            #expect(result.succeeded, "\(result)")
            let services = ["lines", "frames"].map { restarted($0, 1) } + [restarted("pair", 2), restarted("once", 0)]
            #expect(result.output == "{\"action\":\"restart\",\"services\":[\(services.joined(separator: ","))]}\n")
        }
        load.signal(Signal.terminate)
        let sent = try load.wait().output.split(whereSeparator: \.isWhitespace).compactMap { UInt64($0) }
        let total = sent.reduce(0, +)
        let names = ["lines", "frames", "pair"]
        let ledger = try broker.ledger("all delivered") { ledger in
            names.allSatisfy { ledger.services[$0]?.delivered == total }
        }
        for (name, account) in zip(names, accounts) {
            #expect(ledger.services[name]?.pending == 0)
            let verdict = try account.judge(sent: sent)
            #expect(verdict.senders.map(\.arrived) == sent, "\(name)")
            #expect(verdict.senders.allSatisfy { $0.twice == 0 } && verdict.foreign == 0, "\(name)")
            if name != "pair" { #expect(verdict.senders.allSatisfy { $0.disordered == 0 }, "\(name)") }
            let processes = try FileManager.default.contentsOfDirectory(atPath: account.folder).count
            #expect(processes == (Self.restarts + 1) * (name == "pair" ? 2 : 1), "\(name)")
        }
        try broker.stop()
    }

    private func restarted(_ name: String, _ processes: Int) -> String {
        let mode = processes == 0 ? "exec" : "stream"
        return "{\"name\":\"\(name)\",\"mode\":\"\(mode)\",\"replaced\":\(processes),\"idle\":0,\"failed\":0}"
    }

    @Test("one whose new process does not come up is served on by the old one, and says so with its exit status")
    func broken() throws {
        let broken = scratch.file("broken")
        let script = try scratch.write(
            "fickle.sh",
            """
            #!/bin/sh
            [ ! -e \(broken) ] || exit 3
            while IFS= read -r line; do id=${line#*'"id":"'}; echo $$ >>\(scratch.file("served")); echo "ok ${id%%'"'*}"; done

            """, executable: true)
        let broker = try Broker(
            scratch, services: ["- { name: fickle, topics: [raw], command: [\(script)], mode: stream }"])
        func send(_ count: UInt64) throws {
            try Client.udp(broker.port).send(Array("x".utf8))
            _ = try broker.ledger("\(count) delivered") { $0.services["fickle"]?.delivered == count }
        }
        let idle = try broker.belfry(["restart", "fickle"])
        #expect(idle.output == "restart fickle: 1 did not run, the next message starts a new one\n")
        try send(1)
        _ = try scratch.write("broken", "")
        let failed = try broker.belfry(["restart", "fickle"])
        #expect(failed.status == .exited(1), "\(failed)")
        #expect(failed.output.contains("1 did not come up, the old process serves on"))
        #expect(failed.errors.contains("new processes did not come up (fickle); the old ones serve on"))
        try send(2)
        let incident = try scratch.poll("the incident") {
            let told = try broker.belfry(["incidents"]).output
            return told.contains("died at start (exit 3)") ? told : nil
        }
        #expect(incident.contains("fickle"))
        try FileManager.default.removeItem(atPath: broken)
        #expect(try broker.belfry(["restart", "fickle"]).output == "restart fickle: 1 new process\n")
        try send(3)
        let served = scratch.text("served").split(separator: "\n")
        #expect(served.count == 3 && served[0] == served[1] && served[1] != served[2])
        #expect(try broker.belfry(["restart", "fickl"]).errors.contains("there is no service \"fickl\""))
        try broker.stop()
    }
}
