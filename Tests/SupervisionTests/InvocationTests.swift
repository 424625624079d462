// SPDX-License-Identifier: Apache-2.0
/// What belfryd's arguments mean, and the small texts that people see.

import Logging
import Testing

@testable import Supervision

@Suite("Invocation")
struct InvocationTests {
    @Test(
        "arguments are understood or refused, never guessed",
        arguments: [
            (["--config", "a.yaml"], Invocation.supervise(file: "a.yaml")),
            (["--config=a.yaml"], .supervise(file: "a.yaml")),
            (["--config"], .wrong("--config needs a file")),
            (["--config="], .wrong("--config needs a file")),
            (["--config", "a", "b"], .wrong("b: not understood")),
            ([], .wrong("--config FILE is missing")),
            (["--help"], .help),
            (["--version"], .version),
            (["acceptor"], .role(.acceptor)),
            (["acceptor", "1"], .wrong("acceptor: not understood")),
            (["committer"], .role(.committer)),
            (["committer", "0"], .wrong("committer: not understood")),
            (["worker", "63"], .role(.worker(63))),
            (["worker", "127"], .role(.worker(127))),
            (["worker", "128"], .wrong("worker needs an index from 0 to 127")),
            (["worker"], .wrong("worker needs an index from 0 to 127")),
            (["examine"], .examine),
            (["examine", "x"], .wrong("examine: not understood")),
            (["shadow", "/s"], .shadow(folder: "/s", arguments: [])),
            (["shadow", "/s", "--config", "x"], .shadow(folder: "/s", arguments: ["--config", "x"])),
            (["shadow"], .wrong("shadow: not understood")),
            (["canary", "exec", "/s"], .canary(kind: "exec", socket: "/s")),
            (["canary", "sing", "/s"], .wrong("canary: not understood")),
            (["a.yaml"], .wrong("a.yaml: not understood")),
        ])
    func understands(arguments: [String], expected: Invocation) {
        #expect(Invocation(arguments) == expected)
    }
}

@Suite("Greeting")
struct GreetingTests {
    @Test("it names address and control socket, and gives three lines to try")
    func lines() {
        let lines = Greeting.lines(
            address: "127.0.0.1:2355", udp: true, tcp: true, control: "/run/c.sock", tool: "/usr/bin/belfry")
        #expect(lines[0] == "listening on 127.0.0.1:2355 (UDP and TCP)")
        #expect(lines[1].contains("/run/c.sock"))
        #expect(lines.dropFirst(2).count == 3 && lines.dropFirst(2).allSatisfy { $0.hasPrefix("try: ") })
    }

    @Test("what listens everywhere is tried at the loopback address")
    func everywhere() {
        let lines = Greeting.lines(address: "[::]:2355", udp: false, tcp: true, control: "c", tool: "belfry")
        #expect(lines[2].contains("--server ::1 --port 2355 --tcp"))
        #expect(lines[3].contains("--to [::1]:2355 --topic"))
    }
}

@Suite("Log lines")
struct StandardErrorLogTests {
    @Test("the journal gets a level in front, a terminal gets a word for what is worth it")
    func forms() {
        func text(_ level: Logger.Level, journal: Bool) -> String {
            String(decoding: StandardErrorLog.line(level, "belfryd", "x", ["a=1"], isJournal: journal), as: UTF8.self)
        }
        #expect(text(.error, journal: true) == "<3>belfryd: x a=1\n")
        #expect(text(.notice, journal: true) == "<5>belfryd: x a=1\n")
        #expect(text(.notice, journal: false) == "belfryd: x a=1\n")
        #expect(text(.warning, journal: false) == "belfryd: warning: x a=1\n")
    }

    @Test("a message with line breaks stays one line")
    func oneLine() {
        let line = StandardErrorLog.line(.info, "l", "a\nb\u{1B}[2J", [], isJournal: false)
        #expect(line.count { $0 == 0x0A } == 1 && !line.contains(0x1B))
    }
}
