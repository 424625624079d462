// SPDX-License-Identifier: Apache-2.0
/// Dead letters, from the service that does not want a message to the operator who looks at it.
/// Invariant of each test: a message is pending until its letter is in the store, and in the ledger once.

import Foundation
import LinuxIO
import Testing

@Suite("Dead letters")
struct DeadLetterTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func start(_ script: String, _ options: String...) throws -> Broker {
        let path = try scratch.write("sick.sh", "#!/bin/sh\n\(script)\n", executable: true)
        let lines = ["- name: sick", "  topics: [\">\"]", "  command: [\(path)]"] + options.map { "  " + $0 }
        return try Broker(scratch, services: [lines.joined(separator: "\n")])
    }

    private func send(_ body: String, _ topic: String = "test.topic", to broker: Broker) throws {
        let sent = try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", topic, body])
        #expect(sent.succeeded, "\(sent.errors)")
    }

    @Test("are listed with their reasons, shown with what they say, and dropped")
    func life() throws {
        let broker = try start("echo x >>\(scratch.path)/tries; exit 65")
        try send("one", "alerts.disk", to: broker)
        try send("two \u{1B}[2J\u{202E}", "alerts.fan", to: broker)
        _ = try broker.ledger("two deaths") { $0.services["sick"]?.dead == 2 }
        #expect(scratch.text("tries") == "x\nx\n")

        let listed = try broker.letters()
        #expect(listed.compactMap { $0["topic"] as? String } == ["alerts.fan", "alerts.disk"])
        #expect(listed.allSatisfy { ($0["reason"] as? String)?.contains("exit 65") == true && $0["body"] == nil })
        #expect(try broker.letters(["list", "--topic", "*.disk"]).count == 1)
        let id = try #require(listed.first?["id"] as? Int)
        #expect(try broker.letters(["show", "\(id)"]).first?["body"] as? String == "two \u{1B}[2J\u{202E}")
        let shown = try broker.belfry(["dead", "show", "\(id)"])
        #expect(shown.output.hasSuffix("\n  two  [2J\n"), "\(shown.output)")

        let dropped = try broker.belfry(["dead", "drop", "\(id)"])
        #expect(dropped.output == "dropped 1 dead letter\n", "\(dropped)")
        #expect(try broker.letters().compactMap { $0["topic"] as? String } == ["alerts.disk"])
        let again = try broker.belfry(["dead", "drop", "\(id)"])
        #expect(!again.succeeded && again.errors.contains("there is no dead letter \"\(id)\""))
        #expect(try broker.ledger().services["sick"]?.dead == 2)
        try broker.stop()
    }

    /// Notes what it gets as `ID ATTEMPT BODY`; what is in the way makes it fail.
    private func notes(_ mode: String) -> String {
        let blocked = "[ ! -e \(scratch.path)/mended ]"
        return mode == "exec"
            ? "echo $BELFRY_ID $BELFRY_ATTEMPT $(cat) >>\(scratch.path)/got; \(blocked) && exit 65; exit 0"
            : """
            while read -r line; do
                id=${line#'{"id":"'}; id=${id%%'"'*}; body=${line#*'"body":"'}; body=${body%%'"'*}
                attempt=${line#*'"attempt":'}; attempt=${attempt%%,*}
                echo $id $attempt $body >>\(scratch.path)/got
                if \(blocked); then echo "fail $id dead no"; else echo "ok $id"; fi
            done
            """
    }

    @Test(
        "are delivered again under their old ids, and are dead letters as before if that fails",
        arguments: ["exec", "stream"])
    func replayed(_ mode: String) throws {
        let broker = try start(notes(mode), "mode: \(mode)")
        try send("one", to: broker)
        _ = try broker.ledger("its death") { $0.services["sick"]?.dead == 1 }
        let first = try #require(try broker.letters().first)
        // The first replay fails: the same letter, counted as another delivery.
        #expect(try broker.belfry(["dead", "replay", "--all"]).output == "replayed 1 dead letter\n")
        _ = try broker.ledger("its second death") { $0.services["sick"]?.dead == 2 }
        #expect(try broker.letters().compactMap { $0["message"] as? String } == [first["message"] as? String])

        _ = try scratch.write("mended", "")
        let id = try #require(first["message"] as? String)
        #expect(try broker.belfry(["dead", "replay", id]).output == "replayed 1 dead letter\n")
        let ledger = try broker.ledger("its delivery") { $0.services["sick"]?.delivered == 1 }
        #expect(ledger.services["sick"]?.matched == 3 && ledger.services["sick"]?.pending == 0)
        #expect(ledger.intake.published == 3 && ledger.intake.replayed == 2)
        #expect(scratch.text("got") == String(repeating: "\(id) 1 one\n", count: 3))
        #expect(try broker.letters().isEmpty)
        try broker.stop()
    }

    @Test("of a service that is gone stay, and those behind them are delivered")
    func replayRefused() throws {
        let broker = try start("exit 65")
        for number in 1...3 { try send("\(number)", to: broker) }
        _ = try broker.ledger("three deaths") { $0.services["sick"]?.dead == 3 }
        let name = scratch.file("belfry.yaml")
        let text = try String(contentsOfFile: name, encoding: .utf8)
        try text.replacingOccurrences(of: "name: sick", with: "name: well").write(
            toFile: name, atomically: true, encoding: .utf8)
        #expect(try broker.belfry(["reload"]).succeeded)
        try send("4", to: broker)
        _ = try broker.ledger("another's death") { $0.services["well"]?.dead == 1 }
        let answer = try broker.belfry(["dead", "replay", "--all"])
        #expect(
            answer.output == "replayed 1 dead letter\nkept 3, refused: there is no service sick\n", "\(answer)")
        _ = try broker.ledger("its second death") { $0.services["well"]?.dead == 2 }
        #expect(try broker.letters().count == 4)
        try broker.stop()
    }

    @Test("are all delivered again, though acceptor and keeper are killed meanwhile, and none twice")
    func replayUnderKills() throws {
        let broker = try start(notes("stream"), "mode: stream", "in-flight: 64")
        let count = 200
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", "--lines", "-"]
        #expect(try broker.belfry(to, input: (1...count).map { "\($0)\n" }.joined()).succeeded)
        _ = try broker.ledger("every death") { $0.services["sick"]?.dead == UInt64(count) }
        _ = try scratch.write("mended", "")
        let asker = try Program(
            Executables.belfry, ["--control", broker.control, "dead", "replay", "--all"], in: scratch)
        for role in ["acceptor", "keeper", "acceptor"] {
            _ = try scratch.poll("a \(role)") { Roles.signal(Signal.kill, role, of: broker) ? true : nil } as Bool
        }
        _ = try asker.wait()
        // If the keeper died before it had begun, there is nothing on its way.
        _ =
            try scratch.poll("no letter left") {
                let left = try broker.letters(["list", "--limit", "1000"])
                if left.contains(where: { $0["replaying"] as? Bool == false }) {
                    _ = try broker.belfry(["dead", "replay", "--all"])
                }
                return left.isEmpty ? true : nil
            } as Bool
        let ledger = try broker.ledger("every delivery") { $0.services["sick"]?.pending == 0 }
        #expect(ledger.services["sick"]?.delivered == UInt64(count))
        #expect(ledger.intake.replayed == UInt64(count))
        try broker.stop()
    }

    @Test("outlive belfryd")
    func outlive() throws {
        let first = try start("exit 65")
        try send("kept", to: first)
        _ = try first.ledger("its death") { $0.services["sick"]?.dead == 1 }
        try first.stop()
        let second = try start("exit 65")
        #expect(try second.letters().count == 1)
        try second.stop()
    }

    @Test("are pending while the store can't be had, and kept when it can")
    func noStore() throws {
        let broker = try start("echo x >>\(scratch.path)/tries; exit 65")
        let store = scratch.file("state/store.sqlite")
        try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: false)
        try send("patient", to: broker)
        let refused = try scratch.poll("the reason") {
            let answer = try broker.belfry(["dead", "list"])
            return answer.succeeded ? nil : answer.errors
        }
        let reason = "the keeper died at its start (exit 2): \(store): SQLite error 14"
        #expect(refused.contains(reason), "\(refused)")
        #expect(try broker.status().keeper.trouble?.hasPrefix(reason) == true)
        #expect(try broker.ledger().services["sick"]?.pending == 1)
        #expect(try broker.ledger().services["sick"]?.dead == 0)
        try FileManager.default.removeItem(atPath: store)
        _ = try broker.ledger("its death") { $0.services["sick"]?.dead == 1 }
        #expect(try broker.letters().count == 1)
        #expect(scratch.text("tries") == "x\n")
        try broker.stop()
    }

    @Test("are all kept though the keeper is killed again and again")
    func killed() throws {
        let broker = try start("exit 65", "concurrency: 8")
        let count = 300
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", "--lines", "-"]
        let sent = try broker.belfry(to, input: (1...count).map { "\($0)\n" }.joined())
        #expect(sent.succeeded, "\(sent.errors)")
        var kills = 0
        _ = try broker.ledger("every death") {
            if Roles.signal(Signal.kill, "keeper", of: broker) { kills += 1 }
            return $0.services["sick"]?.dead == UInt64(count)
        }
        #expect(kills > 0)
        let kept = try broker.letters(["list", "--limit", "1000"])
        #expect(Set(kept.compactMap { $0["message"] as? String }).count == count && kept.count == count)
        try broker.stop()
    }
}
