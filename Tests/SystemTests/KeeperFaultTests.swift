// SPDX-License-Identifier: Apache-2.0
/// The keeper dies at each of the points where that would be worst (LinuxIO's FaultPoint), while it keeps letters, gives
/// them back and drops them.
/// Invariant of each test: the point was reached; each letter is kept once, delivered again once or dropped once, and the
/// ledger says so.

import Foundation
import LinuxIO
import Testing

@Suite("A death of the keeper at the worst moment")
struct KeeperFaultTests {
    private static let count = 20

    private let scratch: Scratch
    private let items: [String: String]

    init() throws {
        scratch = try Scratch()
        var items: [String: String] = [:]
        for name in ["sick", "guest"] {
            let script = """
                #!/bin/sh
                echo $(cat) >>\(scratch.path)/\(name).got
                [ -e \(scratch.path)/mended ] || exit 65
                """
            let file = try scratch.write("\(name).sh", script + "\n", executable: true)
            items[name] = "- name: \(name)\n  topics: [\">\"]\n  command: [\(file)]\n  concurrency: 4"
        }
        self.items = items
    }

    @Test("loses and doubles nothing", arguments: FaultTests.points(of: "keeper"))
    func keeper(_ point: FaultPoint) throws {
        let broker = try Broker(
            scratch, services: ["sick", "guest"].compactMap { items[$0] },
            environment: FaultMark.environment(point, passing: 1, in: scratch), executable: Executables.builtBelfryd)
        do {
            try keep(broker)
            try giveBack(broker)
            try drop(broker)
        } catch {
            throw FaultTests.Broken(description: "\(error)\n\(broker.program.errors)")
        }
        #expect(FaultMark(scratch: scratch).isThere)
        try broker.stop()
    }

    /// Every message is a letter of both services.
    private func keep(_ broker: Broker) throws {
        try broker.send((1...Self.count).map(String.init))
        _ = try broker.ledger("every death") { ledger in
            ["sick", "guest"].allSatisfy { ledger.services[$0]?.dead == UInt64(Self.count) }
        }
        let letters = try list(broker, ["list", "--limit", "1000"])
        #expect(letters.count == 2 * Self.count)
        let names = letters.map { "\($0["service"] ?? "") \($0["message"] ?? "")" }
        #expect(Set(names).count == names.count)
    }

    /// All of one service; those of another, which is gone, stay.
    private func giveBack(_ broker: Broker) throws {
        try scratch.write("mended", "")
        let reloaded = try broker.reload(services: [items["sick"] ?? ""])
        #expect(reloaded.succeeded, "\(reloaded)")
        for name in ["sick", "guest"] { try ask(["replay", "--service", name], of: broker) }
        let ledger = try broker.ledger("every delivery") { $0.services["sick"]?.delivered == UInt64(Self.count) }
        #expect(ledger.intake.replayed == UInt64(Self.count))
        let letters = try scratch.poll("none under way") {
            let letters = try list(broker, ["list", "--limit", "1000"])
            return letters.contains { $0["replaying"] as? Bool == true } ? nil : letters
        }
        #expect(letters.count == Self.count && letters.allSatisfy { $0["service"] as? String == "guest" })
        let got = scratch.text("sick.got").split(separator: "\n").compactMap { Int($0) }
        #expect(got.sorted() == (1...Self.count).flatMap { [$0, $0] })
    }

    private func drop(_ broker: Broker) throws {
        try ask(["drop", "--all"], of: broker)
        #expect(try list(broker, ["list"]).isEmpty)
        #expect(try broker.ledger().services["sick"]?.pending == 0)
    }

    /// Asks again if the keeper has died over it.
    private func ask(_ words: [String], of broker: Broker) throws {
        _ =
            try scratch.poll("an answer to \(words)") {
                let answer = try broker.belfry(["dead"] + words)
                return answer.succeeded || answer.errors.contains("nothing was replayed") ? true : nil
            } as Bool
    }

    private func list(_ broker: Broker, _ words: [String]) throws -> [[String: Any]] {
        // The keeper may die over this question, too.
        try ask(words, of: broker)
        return try broker.letters(words)
    }
}
