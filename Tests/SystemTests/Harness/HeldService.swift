// SPDX-License-Identifier: Apache-2.0
/// A stream service that notes each delivery and then waits at a gate before it answers, so that a test can look at the
/// broker while deliveries are open. Used by the tests of live changes.
/// Invariant: nothing is answered while the gate is closed; once it is opened it stays open.

import LinuxIO

final class HeldService {
    struct Delivery: Equatable {
        let process: String
        /// The word that its command had.
        let word: String
        let body: String
    }

    private let name: String
    private let scratch: Scratch
    private let script: String
    private var gate: FileLock?

    init(_ name: String, in scratch: Scratch) throws {
        (self.name, self.scratch) = (name, scratch)
        // Whoever waits for a shared lock waits for the exclusive one to go.
        gate = try FileLock.acquire(scratch.file("\(name).gate"), .exclusive)
        script = try scratch.write(
            "\(name).sh",
            """
            #!/bin/sh
            while IFS= read -r line; do
                id=${line#'{"id":"'}; id=${id%%'"'*}
                body=${line#*'"body":"'}; body=${body%%'"'*}
                echo "$$ $1 $body" >>'\(scratch.file(name)).log'
                flock -s '\(scratch.file(name)).gate' true
                echo "ok $id"
            done

            """, executable: true)
    }

    /// Its item of the configuration; `word` becomes part of the command.
    func service(_ topics: String = "\">\"", as other: String? = nil, word: String = "first", _ options: String...)
        -> String
    {
        let lines = [
            "- name: \(other ?? name)", "  topics: [\(topics)]", "  command: [\(script), \(word)]", "  mode: stream",
        ]
        return (lines + options.map { "  " + $0 }).joined(separator: "\n")
    }

    func open() { gate = nil }

    /// Its deliveries, once there are so many.
    @discardableResult
    func wait(for count: Int) throws -> [Delivery] {
        try scratch.wait("\(count) deliveries to \(name)") {
            let all = deliveries
            return all.count >= count ? all : nil
        }
    }

    var deliveries: [Delivery] {
        let lines = scratch.text("\(name).log").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return lines.map { line in
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            return Delivery(process: words[0], word: words[1], body: words[2])
        }
    }

    /// Waits until none of its processes is left.
    func waitForEnd() throws {
        _ = try scratch.poll("the end of \(name)'s processes") {
            LeftOver.processes(of: scratch).contains { $0.contains(script) } ? nil : true
        }
    }
}
