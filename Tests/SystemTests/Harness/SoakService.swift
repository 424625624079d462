// SPDX-License-Identifier: Apache-2.0
/// A service of the soak: what it wants, how it is run, and what is done to its processes. Used by Soak.
/// Invariant: `mayComeTwice` is the most that can have been in flight at all the deaths that were counted, and what a
/// supervisor's death made forgotten: what was taken since a checkpoint.

import Foundation
import LinuxIO

struct SoakService {
    enum Manner: String { case lines, frames, exec }
    /// Of which senders it gets everything.
    enum Wish { case all, load, slow }

    let name: String
    let manner: Manner
    let wish: Wish
    let order: String
    let shards: Int
    /// Whether it makes dead letters of some (Tests/Tools/recorder.c).
    let rejects: Bool
    let account: Account
    /// The file that it is started from: a link, so that it can be taken away.
    private let program: String
    /// Changed by reloads.
    var open: Int
    var isThere = true
    var ackTimeout = 30
    /// Its own processes that were killed or hung, and the workers that were.
    var deaths: UInt64 = 0
    /// What it had taken since the checkpoints from which supervisors have gone on.
    var forgotten: UInt64 = 0
    private(set) var mostOpen: UInt64 = 0

    init(
        _ name: String, _ manner: Manner, _ wish: Wish, order: String, shards: Int, open: Int, rejects: Bool,
        recorder: String, in scratch: Scratch
    ) throws {
        (self.name, self.manner, self.wish) = (name, manner, wish)
        (self.order, self.shards, self.open, self.rejects) = (order, shards, open, rejects)
        account = try Account(name, recorder: recorder, in: scratch)
        program = scratch.file("\(name)-program")
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: recorder)
        noteOpen()
    }

    /// To be called when `open` has changed.
    mutating func noteOpen() { mostOpen = max(mostOpen, UInt64(shards * open)) }

    var mayComeTwice: UInt64 { deaths * mostOpen + forgotten }

    private var topics: String {
        switch wish {
        case .all: "\">\""
        case .load: "\"load.>\""
        case .slow: "\"slow.>\", \"syslog.*.crit\""
        }
    }

    /// Its item of the configuration.
    var item: String {
        let words = [program] + (rejects ? ["-r"] : []) + (manner == .exec ? ["-x"] : []) + [account.folder]
        let lines = [
            "- name: \(name)", "  topics: [\(topics)]", "  command: [\(words.joined(separator: ", "))]",
            "  order: \(order)", "  ack-timeout: \(ackTimeout)s",
            "  retry: { attempts: 1000000, backoff: 10ms, max-backoff: 100ms }",
        ]
        let mode =
            manner == .exec
            ? ["  mode: exec", "  lanes: \(shards)", "  concurrency: \(open * shards)"]
            : ["  mode: stream", "  framing: \(manner)", "  instances: \(shards)", "  in-flight: \(open)"]
        return (lines + mode).joined(separator: "\n")
    }

    /// Its processes, held so that a signal reaches nobody else.
    private var pids: [CInt] {
        LinuxIO.Directory.names("/proc").compactMap { CInt($0) }.filter {
            LeftOver.command($0).hasPrefix("\(program) ")
        }
    }

    /// Signals one of its processes; false if none runs.
    mutating func signal(_ signal: CInt) -> Bool {
        for pid in pids {
            guard let process = try? ProcessDescriptor(pid: pid), LeftOver.command(pid).hasPrefix(program),
                process.send(signal)
            else { continue }
            deaths += 1
            return true
        }
        return false
    }

    /// From now on it takes some of what it has rejected.
    func mend() throws { try Data().write(to: URL(fileURLWithPath: "\(account.folder)/.mended")) }

    /// Takes its program away, or gives it back.
    func takeAway(_ isAway: Bool) throws {
        let away = program + ".away"
        try FileManager.default.moveItem(atPath: isAway ? program : away, toPath: isAway ? away : program)
    }
}
