// SPDX-License-Identifier: Apache-2.0
/// What the keeper has in its store, as `belfry dead` and `belfry incidents` tell it. Used by the tests of dead letters,
/// replays and incidents.
/// Invariant: a question that is not answered fails the test.

import Foundation
import LinuxIO
import Testing

extension Broker {
    /// Dead letters, as one of the verbs of `belfry dead` that list them gives them.
    func letters(_ words: [String] = ["list"]) throws -> [[String: Any]] {
        try kept("letters", ["dead"] + words)
    }

    func incidents(_ words: String...) throws -> [[String: Any]] { try kept("incidents", ["incidents"] + words) }

    private func kept(_ member: String, _ words: [String]) throws -> [[String: Any]] {
        let answer = try belfry(words + ["--json"])
        #expect(answer.succeeded, "\(answer.errors)")
        let report = try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]
        return report?[member] as? [[String: Any]] ?? []
    }

    /// Sends lines, each a message that is acked.
    func send(_ bodies: [String], topic: String = "test.topic") throws {
        let to = ["send", "--to", "127.0.0.1:\(port)", "--topic", topic, "--lines", "-"]
        let sent = try belfry(to, input: bodies.map { $0 + "\n" }.joined())
        #expect(sent.succeeded, "\(sent.errors)")
    }

    /// Ends it and all its roles as the out-of-memory killer would, and waits until they are gone.
    func kill() throws {
        program.signal(Signal.kill)
        _ = try program.wait()
        _ = try scratch.poll("the end of all that it had started") {
            LeftOver.processes(of: scratch).isEmpty ? true : nil
        }
    }
}
