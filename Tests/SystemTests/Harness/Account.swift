// SPDX-License-Identifier: Apache-2.0
/// The account that a fast service keeps of what it got, and its judge (Tests/Tools/recorder.c). Used by the proofs, which
/// hold the ledger to it.
/// Invariant: the account is the service's own; nothing in it comes from the broker.

import Foundation
import LinuxIO
import Testing

struct Account {
    /// What became of one sender's notifications at this service.
    struct Sender {
        /// Different ones that arrived, further arrivals of the same, and those that came behind a later one.
        var arrived: UInt64 = 0
        var twice: UInt64 = 0
        var disordered: UInt64 = 0
        /// The greatest number of those that arrived, if the order is that of all of them.
        var newest: UInt64 = 0
        /// Of those that arrived: what a service that rejects would never take.
        var never: UInt64 = 0
    }

    struct Verdict {
        var senders: [Sender] = []
        /// What no sender has sent.
        var foreign: UInt64 = 0
    }

    private let scratch: Scratch
    /// The program, to be called with `folder`; with -x before it for an exec service.
    let recorder: String
    let folder: String

    /// `recorder` is the compiled tool. The account lies beside the watched folder's files: it would wake every wait.
    init(_ name: String, recorder: String, in scratch: Scratch) throws {
        self.scratch = scratch
        self.recorder = recorder
        folder = scratch.file(name)
        try LinuxIO.Directory.make(folder)
    }

    /// How many records it has now, whether they came for the first time or again.
    var count: UInt64 {
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { "\(folder)/\($0)" } ?? []
        return files.map { (try? FileManager.default.attributesOfItem(atPath: $0)[.size] as? UInt64) ?? 0 }
            .reduce(0, +) / 8
    }

    /// Compiles one of the C programs of Tests/Tools and gives its path.
    static func compile(_ name: String, in scratch: Scratch) throws -> String {
        let (program, tests) = (scratch.file(name), "\(Executables.repository)/Tests/Tools")
        let words = ["-O2", "-I\(Executables.repository)/Examples/c", "-o", program, "\(tests)/\(name).c"]
        let compiled = try scratch.run("gcc", words)
        #expect(compiled.succeeded, "\(compiled.errors)")
        return program
    }

    /// What arrived of so many notifications of each sender, in which order: `keys` as recorder.c says.
    func judge(sent: [UInt64], keys: Int = 1) throws -> Verdict {
        let words = ["-j\(keys)", folder] + sent.map(String.init)
        let result = try scratch.run(recorder, words)
        #expect(result.succeeded, "\(result)")
        var verdict = Verdict()
        for line in result.output.split(separator: "\n") {
            let words = line.split(separator: " ")
            let values = zip(words, words.dropFirst()).reduce(into: [Substring: UInt64]()) { $0[$1.0] = UInt64($1.1) }
            verdict.foreign += values["foreign"] ?? 0
            guard let arrived = values["arrived"], let twice = values["twice"] else { continue }
            verdict.senders.append(
                Sender(
                    arrived: arrived, twice: twice, disordered: values["disordered"] ?? 0,
                    newest: values["newest"] ?? 0, never: values["never"] ?? 0))
        }
        return verdict
    }
}
