// SPDX-License-Identifier: Apache-2.0
/// What happened to which process, as an operator is told it: at once in `status`, and whole from the store.
/// Invariant of each test: an incident that is counted outside is counted by the same number in the store.

import Foundation
import LinuxIO
import Testing

@Suite("Incidents")
struct IncidentTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func start() throws -> Broker {
        let path = try scratch.write("sick.sh", "#!/bin/sh\necho x >>\(scratch.path)/tries\nexit 3\n", executable: true)
        let retry = "retry: { attempts: 7, backoff: 10ms, max-backoff: 20ms }"
        return try Broker(scratch, services: ["- name: sick\n  topics: [\">\"]\n  command: [\(path)]\n  \(retry)"])
    }

    @Test("of services and of roles are kept, every one of them, and told by kind and process")
    func kept() throws {
        let broker = try start()
        // First: what a worker has not told within a second dies with it.
        try Roles.killAndReplace("worker", of: broker)
        let sent = try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", "x"])
        #expect(sent.succeeded)
        _ = try broker.ledger("its death") { $0.services["sick"]?.dead == 1 }
        let found = try scratch.poll("the worker's death in the store") {
            let found = try broker.incidents("--kind", "role-exit")
            return found.isEmpty ? nil : found
        }
        #expect((found.first?["process"] as? String)?.hasPrefix("worker ") == true, "\(found)")
        #expect((found.first?["detail"] as? String)?.contains("died") == true, "\(found)")
        let shown = try broker.belfry(["status"])
        #expect(shown.output.contains("incidents\n") && shown.output.contains("service-exit  sick"), "\(shown.output)")
        try broker.stop()

        let second = try start()
        let exits = try second.incidents("--process", "sick", "--kind", "service-exit")
        #expect(exits.allSatisfy { $0["detail"] as? String == "ended with exit 3" }, "\(exits)")
        let told = exits.compactMap { $0["count"] as? Int }.reduce(0, +)
        #expect(told == scratch.text("tries").split(separator: "\n").count && told == 7)
        #expect(try second.incidents("--process", "nobody").isEmpty)
        try second.stop()
    }

    @Test("that can't be kept yet are not passed over in silence, nor are dead letters")
    func unkept() throws {
        let broker = try start()
        let store = scratch.file("state/store.sqlite")
        func run(_ statement: String) throws {
            let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])"
            let done = try scratch.run("python3", ["-c", script, store, statement])
            #expect(done.succeeded, "\(done)")
        }
        func send() throws {
            let sent = try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", "x"])
            #expect(sent.succeeded)
        }
        try send()
        _ = try broker.ledger("its death") { $0.services["sick"]?.dead == 1 }
        try run("CREATE TRIGGER full BEFORE INSERT ON letter BEGIN SELECT RAISE(ABORT, 'no room'); END")
        try send()
        for list in [["incidents"], ["dead", "list"]] {
            let told = try scratch.poll("the trouble") {
                let answer = try broker.belfry(list)
                return answer.output.contains("is not kept yet") ? answer.output : nil
            }
            #expect(told.contains("no room"), "\(told)")
            #expect(try broker.belfry(list + ["--json"]).output.contains(#""trouble":"\#(store): SQLite error 19"#))
        }
        try run("DROP TRIGGER full")
        _ = try broker.ledger("its death") { $0.services["sick"]?.dead == 2 }
        for list in [["incidents"], ["dead", "list"]] {
            #expect(try !broker.belfry(list).output.contains("not kept yet"))
            #expect(try broker.belfry(list + ["--json"]).output.contains(#""trouble":null"#))
        }
        try broker.stop()
    }

    @Test("stand in the store beside the ledger and who changed what")
    func store() throws {
        let broker = try start()
        let sent = try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", "x"])
        #expect(sent.succeeded)
        _ = try broker.ledger("its death") { $0.services["sick"]?.dead == 1 }
        #expect(try broker.belfry(["pause", "sick"]).succeeded)
        #expect(try broker.belfry(["dead", "drop", "--all"]).succeeded)
        try broker.stop()
        let script = """
            import json, sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            for what, in store.execute("SELECT what FROM audit ORDER BY id"): print(what)
            last, = store.execute("SELECT report FROM ledger ORDER BY id DESC LIMIT 1").fetchone()
            print(json.loads(last)["services"]["sick"]["dead"])
            """
        let read = try scratch.run("python3", ["-c", script, scratch.file("state/store.sqlite")])
        #expect(read.output == "pause sick\ndead drop *\ndrain\n1\n", "\(read)")
    }
}
