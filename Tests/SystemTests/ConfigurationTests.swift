// SPDX-License-Identifier: Apache-2.0
/// Wrong configurations against `belfry check` and `belfryd`: every fault is told at once, each on a line of its own with
/// its place, and nothing is started.
/// Invariant of each test: the place is that of the user's own words in the file.

import LinuxIO
import Testing

@Suite("Wrong configurations")
struct ConfigurationTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let faulty = """
        port: { adress: 127.0.0.1, number: many, frame-timeout: 3 parsecs, max-message: 1GiB }
        workers: { count: 0 }
        ring: { size: 64MiB, durability: tape }
        colour: green
        services:
          - name: one
            topics: ["a..b"]
            command: [/bin/true]
            mode: exec
          - name: one
            topics: [belfry.secret]
            command: [/bin/true]
            mode: execute
          - name: two
            topics: [">"]
            mode: exec
          - name: three
            topics: [">"]
            command: [/bin/true]
            user: no-such-user-here
            concurrency: 10000
            on-remove: burn

        """
    /// Line and a word of each fault.
    private static let expected = [
        (1, "adress"), (1, "number"), (1, "frame-timeout"), (1, "max-message"), (2, "count"), (3, "durability"),
        (4, "colour"), (7, "topics"), (10, "name"), (11, "topics"), (13, "mode"), (14, "command"), (20, "user"),
        (21, "concurrency"), (22, "on-remove"),
    ]

    @Test("check tells all faults at once, one line each with file, line and column")
    func allFaults() throws {
        let file = try scratch.write("faulty.yaml", Self.faulty)
        let result = try scratch.run(Executables.belfry, ["check", file])
        #expect(result.status == .exited(1))
        let lines = result.errors.split(separator: "\n")
        for (line, word) in Self.expected {
            let fits = lines.contains { $0.contains("faulty.yaml:\(line):") && $0.contains(word) }
            #expect(fits, "nothing about \(word) in line \(line):\n\(result.errors)")
        }
    }

    @Test("belfryd refuses to start with them, in the same words")
    func belfrydRefuses() throws {
        let file = try scratch.write("faulty.yaml", Self.faulty)
        let check = try scratch.run(Executables.belfry, ["check", file])
        let start = try scratch.run(Executables.belfryd, ["--config", file])
        #expect(start.status == .exited(1))
        for line in check.errors.split(separator: "\n") where line.hasPrefix("\(file):") {
            #expect(start.errors.contains(line), "\(start.errors)")
        }
    }

    @Test("a 65th service is one too many", arguments: [64, 65])
    func tooManyServices(_ count: Int) throws {
        let items = (1...count).map { "- name: s\($0)\n  topics: [\">\"]\n  command: [/bin/true]\n  mode: exec" }
        let file = try Broker.configure(scratch, items, "number: 0")
        let result = try scratch.run(Executables.belfry, ["check", file])
        #expect(result.status == .exited(count <= 64 ? 0 : 1), "\(result.errors)")
        if count > 64 { #expect(result.errors.contains("64")) }
    }

    @Test("broken YAML is told with its place")
    func brokenYAML() throws {
        let file = try scratch.write("broken.yaml", "port: { number: 1\nservices: []\n")
        let result = try scratch.run(Executables.belfry, ["check", file])
        #expect(result.status == .exited(1))
        #expect(result.errors.contains("broken.yaml:"), "\(result.errors)")
    }

    @Test("a file that can't be read is told by its name")
    func noFile() throws {
        let result = try scratch.run(Executables.belfryd, ["--config", scratch.file("none.yaml")])
        #expect(result.status == .exited(1))
        #expect(result.errors.contains("none.yaml"), "\(result.errors)")
    }

    @Test("the configuration that is shipped is right")
    func shipped() throws {
        let result = try scratch.run(Executables.belfry, ["check", "\(Executables.repository)/Config/belfry.yaml"])
        #expect(result.succeeded, "\(result.errors)")
    }
}
