// SPDX-License-Identifier: Apache-2.0
/// `belfry tail` beside a broker that works: what it shows, where it begins, how it ends, and that nobody waits for it.
/// Invariant of each test: what was sent is either shown once, in order, or told as missed.

import Foundation
import LinuxIO
import Testing

@Suite("Tail")
struct TailTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func broker(_ services: [String] = []) throws -> Broker {
        // As small as a ring can be: 4,096 records.
        try Broker(
            scratch, services: services, portOptions: ", max-message: 256KiB", settings: "ring: { size: 1MiB }")
    }

    private func send(_ broker: Broker, _ topic: String, _ lines: [String]) throws {
        let input = lines.map { $0 + "\n" }.joined()
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", topic, "--lines"]
        let sent = try broker.belfry(to, input: input)
        #expect(sent.succeeded, "\(sent.errors)")
    }

    private func tail(_ broker: Broker, _ arguments: [String]) throws -> Program {
        try Program(Executables.belfry, ["--control", broker.control, "tail"] + arguments, in: scratch)
    }

    /// A tail that has shown the first notification, so that it surely runs.
    private func running(_ broker: Broker, _ arguments: [String] = []) throws -> Program {
        let program = try tail(broker, arguments + ["--since", "1"])
        try send(broker, "first", ["first"])
        try see(program, "the first notification") { $0.output.contains("first") }
        return program
    }

    private func see(_ program: Program, _ what: String, _ holds: (Program) -> Bool) throws {
        _ =
            try scratch.wait(what, alongside: program) {
                holds(program) ? true : program.hasEnded ? false : nil
            } as Bool
        #expect(holds(program), "\(what): \(program.output)\(program.errors)")
    }

    @Test("shows what comes in, each on a line, with its topic, source and body, and nothing else")
    func live() throws {
        let broker = try broker()
        let program = try running(broker)
        try send(broker, "alerts.disk", ["sda1 at 97 %"])
        try Client.udp(broker.port).send("red\u{1B}[31m\u{0}\n")
        try see(program, "three lines") { $0.output.split(separator: "\n").count == 3 }
        let lines = program.output.split(separator: "\n")
        #expect(lines[1].contains(/^\d\d:\d\d:\d\d\.\d\d\d  alerts\.disk  127\.0\.0\.1:\d+  sda1 at 97 %$/))
        #expect(lines[2].contains(/\ \ raw  127\.0\.0\.1:\d+  red\\x1B\[31m\\x00$/))
        program.signal(Signal.interrupt)
        let result = try program.wait()
        #expect(result.succeeded && result.errors.isEmpty, "\(result)")
        try broker.stop()
    }

    @Test("--json prints what a lines service gets, byte for byte")
    func json() throws {
        let recorder = try Recorder.stream("archive", in: scratch)
        let broker = try broker([recorder.service()])
        let syslog = "<26>1 2026-11-21T00:00:00Z host app 7 id - a\tb"
        try Client.udp(broker.port).send(syslog)
        try recorder.wait(for: 1)
        try Client.udp(broker.port).send([0xFF, 0x00, 0x41])
        try recorder.wait(for: 2)
        try Client.udp(broker.port).send(#"{"specversion":"1.0","type":"com.example","id":"1","source":"/x"}"#)
        try recorder.wait(for: 3)
        let result = try broker.belfry(["tail", "--json", "--since", "1", "--count", "3"])
        #expect(result.succeeded && result.errors.isEmpty, "\(result)")
        let delivered = scratch.text("archive.log").split(separator: "\n").map { $0.drop { $0 != "\t" }.dropFirst() }
        #expect(result.output.split(separator: "\n") == delivered)
        try broker.stop()
    }

    @Test("shows what matches its patterns and sources only, and ends after --count of them")
    func filtered() throws {
        let broker = try broker()
        for topic in ["a.b", "a.c", "x", "syslog-like.crit", "a.b.c"] { try send(broker, topic, ["to \(topic)"]) }
        let shown = try broker.belfry(["tail", "--since", "1", "--count", "3", "a.*", "x"])
        #expect(shown.succeeded)
        #expect(shown.output.split(separator: "\n").map { $0.split(separator: " ").last } == ["a.b", "a.c", "x"])
        let json = try broker.belfry(["tail", "--json", "--since", "3", "--count", "1"])
        let source = try #require(json.output.firstMatch(of: /"source":"([^"]*)"/)?.1)
        let one = try broker.belfry(["tail", "--since", "1", "--count", "1", "--source", String(source)])
        #expect(one.succeeded && one.output.hasSuffix("  to x\n"))
        try broker.stop()
    }

    @Test("--since takes an id, too, and says what the ring does not hold any more")
    func since() throws {
        let broker = try broker()
        try send(broker, "flood", (1...6_000).map { "\($0)" })
        let late = try broker.belfry(["tail", "--json", "--since", "5999", "--count", "1"])
        #expect(late.errors.isEmpty && late.output.contains(#""body":"5999""#))
        let id = try #require(late.output.firstMatch(of: /"id":"([^"]*)"/)?.1)
        #expect(try broker.belfry(["tail", "--since", String(id), "--count", "1"]).output.hasSuffix("  5999\n"))
        let all = try broker.belfry(["tail", "--since", "2", "--count", "1"])
        let oldest = try #require(all.output.split(separator: " ").last.flatMap { UInt64($0.dropLast()) })
        #expect(all.errors == "belfry: 2 to \(oldest - 1) are gone: the ring reaches back to \(oldest)\n")
        #expect(oldest > 1_900 && oldest <= 2_000)
        let early = try tail(broker, ["--since", "7000"])
        try see(early, "a word") { $0.errors == "belfry: 7000 is not there yet; the next notification is 6001\n" }
        early.signal(Signal.interrupt)
        try early.wait()
        try broker.stop()
    }

    @Test("one that is stopped holds up nobody, and says how much it has missed")
    func stopped() throws {
        let recorder = try Recorder.stream("archive", in: scratch)
        let broker = try broker([recorder.service("first")])
        let program = try running(broker, ["--json"])
        program.signal(Signal.stop)
        try send(broker, "flood", (1...12_000).map { "\($0)" })
        program.signal(Signal.resume)
        try see(program, "the last notification") { $0.output.contains(#""body":"12000""#) }
        program.signal(Signal.terminate)
        let result = try program.wait()
        #expect(result.succeeded)
        let shown = result.output.split(separator: "\n").dropFirst().compactMap {
            $0.firstMatch(of: /"body":"(\d+)"/).flatMap { Int($0.1) }
        }
        #expect(zip(shown, shown.dropFirst()).allSatisfy { $0 < $1 } && shown.last == 12_000)
        let missed = try #require(
            result.errors.firstMatch(of: /missed (\d+) notifications in all\n$/).flatMap { Int($0.1) })
        #expect(shown.count + missed == 12_000)
        #expect(missed > 7_000 && missed < 8_100, "\(missed)")
        try broker.stop()
    }
}
