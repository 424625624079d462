// SPDX-License-Identifier: Apache-2.0
/// What operators are used to: terminals, pipes, variables, help, exit codes, a socket that is found.
/// Invariant of each test: nothing but what a script or a person at a terminal can see is looked at.

import Foundation
import Glibc
import LinuxIO
import Testing

@Suite("Operators' habits")
struct HabitsTests {
    let scratch: Scratch
    private static let long = "service-with-a-name-that-is-as-long-as-it-may-be-at-the-end-01"
    private static let escape = "\u{1B}["

    init() throws { scratch = try Scratch() }

    private func broker() throws -> Broker {
        try Broker(
            scratch,
            services: [
                "- name: \(Self.long)\n  topics: [a]\n  command: [/bin/true]",
                "- name: mail-in\n  topics: [b]\n  command: [/bin/true]",
                "- name: mail-out\n  topics: [c]\n  command: [/bin/true]",
            ])
    }

    @Test("a terminal gets colours and lines that fit it, a pipe 80 columns and no colours")
    func terminal() throws {
        let broker = try broker()
        let ask = ["--control", broker.control, "status"]
        let narrow = try Window.run(scratch, ask)
        #expect(narrow.succeeded && narrow.output.contains(Self.escape), "\(narrow)")
        let plain = narrow.output.replacing(/\u{1B}\[[0-9]+m/, with: "")
        #expect(!plain.contains(Self.escape) && plain.contains("…"), "\(plain)")
        #expect(plain.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(plain)")
        #expect(try Window.run(scratch, ask, columns: 150).output.contains(Self.long))
        let piped = try broker.belfry(["status"]).output
        #expect(!piped.contains("\u{1B}") && piped.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(piped)")
        let wide = try scratch.run(Executables.belfry, ask, environment: ["COLUMNS=150"])
        #expect(wide.output.contains(Self.long))
        try broker.stop()
    }

    @Test(
        "colours are where they are wanted",
        arguments: [
            (["NO_COLOR=1"], [], false), (["NO_COLOR="], [], true), (["TERM=dumb"], [], false),
            ([], ["--color", "never"], false), (["NO_COLOR=1"], ["--color=always"], true),
        ] as [([String], [String], Bool)])
    func colours(environment: [String], options: [String], expected: Bool) throws {
        let broker = try broker()
        let ask = ["--control", broker.control, "ledger"] + options
        let result = try Window.run(scratch, ask, environment: environment)
        #expect(result.output.contains(Self.escape) == expected, "\(result)")
        try broker.stop()
    }

    @Test("a watched report is drawn over the last one on a terminal, and never scrolls")
    func watchOnTerminal() throws {
        let broker = try broker()
        let program = try Window.start(
            scratch, ["--control", broker.control, "status", "--watch", "100ms"], columns: 80, rows: 10)
        let frames = try scratch.poll("three frames") { () -> [Substring]? in
            let frames = program.output.split(separator: "\u{1B}[H")
            return frames.count > 3 || program.hasEnded ? frames : nil
        }
        try #require(frames.count > 3)
        for frame in frames.dropFirst().dropLast() {
            #expect(frame.split(separator: "\n", omittingEmptySubsequences: false).count <= 10)
            #expect(frame.contains("lines that don't fit"))
        }
        program.signal(Signal.terminate)
        try program.wait()
        try broker.stop()
    }

    @Test("a reader who has had enough ends a verb in silence, with 0", arguments: ["status", "ledger"])
    func readerGone(_ verb: String) throws {
        let broker = try broker()
        let line = "\(Executables.belfry) --control \(broker.control) \(verb) --watch 100ms"
        let result = try scratch.run("bash", ["-c", "\(line) | head -n 40 >/dev/null; echo ${PIPESTATUS[0]}"])
        #expect(result.output == "0\n" && result.errors.isEmpty, "\(result)")
        try broker.stop()
    }

    @Test("a result that can't be written is a failure with its reason", arguments: [">&-", ">/dev/full"])
    func unwritable(_ redirection: String) throws {
        let broker = try broker()
        for arguments in ["--control \(broker.control) status", "--version", "help"] {
            let result = try scratch.run("bash", ["-c", "\(Executables.belfry) \(arguments) \(redirection)"])
            #expect(result.status == .exited(1) && result.errors.contains("stdout can't be written"), "\(result)")
        }
        try broker.stop()
    }

    @Test("rows are chosen and sorted, for people and for machines")
    func rows() throws {
        let broker = try broker()
        let text = try broker.belfry(["ledger", "--service", "mail-*", "--sort", "name:desc"]).output
        let names = text.split(separator: "\n").filter { $0.hasPrefix("  mail") }.map { $0.split(separator: " ")[0] }
        #expect(names == ["mail-out", "mail-in"])
        #expect(!text.contains("service-with"))
        let json = try broker.belfry(["status", "--json", "--service", "mail-in", "--worker", "1"]).output
        let status = try JSONDecoder().decode(Status.self, from: Data(json.utf8))
        #expect(status.services.map(\.name) == ["mail-in"] && status.workers.map(\.index) == [1])
        let nobody = try broker.belfry(["status", "--service", "male-in"])
        #expect(nobody.status == .exited(1) && nobody.errors.contains("mail-in"), "\(nobody)")
        let wrong = try broker.belfry(["status", "--sort", "wating"])
        #expect(wrong.status == .exited(2) && wrong.errors.contains("waiting"), "\(wrong)")
        try broker.stop()
    }

    @Test("times are local for people and UTC for machines")
    func times() throws {
        let failing =
            "- name: failing\n  topics: [a]\n  command: [/bin/false]\n  retry: { backoff: 10h, max-backoff: 10h }"
        let broker = try Broker(scratch, services: [failing])
        #expect(try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", "x"]).succeeded)
        let until = try #require(try broker.service("failing", "a time") { $0.until != nil }.until)
        #expect(until.hasSuffix("Z") && until.count == 30)
        for (zone, hours) in [("UTC0", 0), ("AAA-3", 3)] {
            let text = try scratch.run(
                Executables.belfry, ["--control", broker.control, "status"], environment: ["TZ=\(zone)"]
            ).output
            let hour = (Int(until.dropFirst(11).prefix(2)) ?? 0) + hours
            let clock = (hour % 24 < 10 ? "0" : "") + "\(hour % 24)" + until.dropFirst(13).prefix(6)
            #expect(text.contains("\(clock), in "), "no \(clock) in \(text)")
        }
        try broker.stop()
    }
}
