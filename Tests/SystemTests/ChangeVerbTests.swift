// SPDX-License-Identifier: Apache-2.0
/// `belfry reload` and `belfry workers` as an operator meets them: what they say, and how they end.
/// Invariant of each test: what was changed is on stdout, a line each; why nothing was changed is on stderr.

import Foundation
import LinuxIO
import Testing

@Suite("Changing a running broker")
struct ChangeVerbTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static func service(_ name: String, _ more: String = "") -> String {
        "- name: \(name)\n  topics: [\(name)]\n  command: [/bin/true]\(more)"
    }

    @Test("workers tells how many there are, and changes it")
    func workers() throws {
        let broker = try Broker(scratch, services: [Self.service("one")])
        #expect(try broker.belfry(["workers"]).output == "2\n")
        let more = try broker.belfry(["workers", "4"])
        #expect(more.succeeded && more.output == "workers.count: 2 -> 4\n", "\(more)")
        #expect(try broker.belfry(["workers", "--json"]).output == "{\"workers\":4}\n")
        #expect(try broker.status().workers.allSatisfy { $0.pid != nil })
        let fewer = try broker.belfry(["workers", "1"])
        #expect(fewer.succeeded && fewer.output == "workers.count: 4 -> 1\n", "\(fewer)")
        #expect(try broker.status().workers.count == 1)
        let same = try broker.belfry(["workers", "1"])
        #expect(same.succeeded && same.output == "nothing has changed\n", "\(same)")
        try broker.stop()
    }

    @Test("workers takes 1 to 64 and nothing else", arguments: ["0", "65", "-1", "many", ""])
    func wrongCount(_ count: String) throws {
        let result = try scratch.run(Executables.belfry, ["workers", "--control", scratch.file("none"), "--", count])
        #expect(result.status == .exited(2) && result.errors.contains("1 to 64"), "\(result)")
    }

    @Test("reload tells each change on a line, and what needs a restart")
    func reload() throws {
        let broker = try Broker(scratch, services: [Self.service("one"), Self.service("two")])
        let idle = try broker.belfry(["reload"])
        #expect(idle.succeeded && idle.output == "nothing has changed\n" && idle.errors.isEmpty, "\(idle)")
        _ = try Broker.configure(
            scratch, [Self.service("one", "\n  concurrency: 3"), Self.service("three")], "number: 0",
            "ring: { size: 32MiB }")
        let result = try broker.belfry(["reload"])
        #expect(result.succeeded && result.errors.isEmpty, "\(result)")
        let lines = result.output.split(separator: "\n").map { $0.replacing(#/ +/#, with: " ") }
        #expect(
            Set(lines) == [
                "services.one.concurrency: 1 -> 3", "services.three: added", "services.two: removed (draining)",
                "ring.size: 64MiB stays, 32MiB needs a restart",
            ], "\(result)")
        // Values stand under each other.
        let longest = lines.map { $0.prefix { $0 != ":" }.count }.max() ?? 0
        for line in result.output.split(separator: "\n") {
            #expect(
                line.dropFirst(longest + 1).hasPrefix(" ") && !line.dropFirst(longest + 2).hasPrefix(" "), "\(line)")
        }
        let json = try broker.belfry(["reload", "--json"])
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect((object?["changed"] as? [Any])?.isEmpty == true)
        #expect((object?["restart"] as? [[String: String]])?.first?["key"] == "ring.size")
        try broker.stop()
    }

    @Test("a file with faults changes nothing; the faults are told as check tells them")
    func faults() throws {
        let broker = try Broker(scratch, services: [Self.service("one")])
        let before = try broker.belfry(["status", "--json"]).output
        let file = try Broker.configure(
            scratch, [Self.service("one", "\n  concurrency: 0\n  colour: red")], "number: 0")
        let check = try scratch.run(Executables.belfry, ["check", file])
        let faults = check.errors.split(separator: "\n").filter { $0.hasPrefix("\(file):") }
        let result = try broker.belfry(["reload"])
        #expect(result.status == .exited(1) && result.output.isEmpty, "\(result)")
        #expect(faults.count == 2 && faults.allSatisfy { result.errors.contains($0) }, "\(result)")
        #expect(result.errors.hasSuffix("2 faults; nothing was changed\n"), "\(result)")
        let after = try broker.belfry(["status", "--json"]).output
        #expect(before.contains("\"name\":\"one\"") && after.contains("\"name\":\"one\""))
        try broker.stop()
    }
}
