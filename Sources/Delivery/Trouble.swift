// SPDX-License-Identifier: Apache-2.0
/// What is wrong with a shard's service, in the words that `status` shows.
///
/// Kept by Shard: the last failure until a delivery succeeds, and what a process answered that is no answer until the
/// process is replaced.
/// Invariant: `version` changes whenever the words do, so that nobody builds them for nothing.

import LinuxIO

enum Failure: Equatable {
    /// The program could not be started: which step, of what, and why.
    case launch(String)
    /// A stream process ended before its first answer.
    case diedAtStart(ExitStatus)
    /// A process ended with deliveries of its own, or an exec process asked for another attempt.
    case ended(ExitStatus)
    case timedOut
    /// It answered `fail`, with these words.
    case refused(String)
    case mute
    case closedInput
    case closedOutput
    case corruptRecord(UInt64)
}

extension Failure: CustomStringConvertible {
    var description: String {
        switch self {
        case .launch(let why): why
        case .diedAtStart(let status): "died at start (\(status))"
        case .ended(let status): "ended with \(status)"
        case .timedOut: "no answer within the ack-timeout"
        case .refused(let why): why.isEmpty ? "answered fail" : "answered fail: \(why)"
        case .mute: "answers nothing, ended"
        case .closedInput: "closed its input"
        case .closedOutput: "closed its output"
        case .corruptRecord(let sequence): "record \(sequence) is corrupt"
        }
    }
}

struct Troubles {
    private(set) var version = 0
    private var failure: Failure?
    private var garbage = 0
    private var foreign = 0

    mutating func set(_ failure: Failure) {
        guard self.failure != failure else { return }
        self.failure = failure
        version &+= 1
    }

    /// A delivery succeeded: the last failure is over.
    mutating func clearFailure() {
        guard failure != nil else { return }
        failure = nil
        version &+= 1
    }

    /// A line that is no reply.
    mutating func countGarbage() {
        garbage += 1
        version &+= 1
    }

    /// A reply for a message that the process does not hold.
    mutating func countForeign() {
        foreign += 1
        version &+= 1
    }

    /// A new process begins with a clean sheet.
    mutating func clearAnswers() {
        guard garbage + foreign > 0 else { return }
        garbage = 0
        foreign = 0
        version &+= 1
    }

    /// Empty if all is well.
    var words: String {
        var parts: [String] = []
        if let failure { parts.append("\(failure)") }
        if garbage > 0 { parts.append("answered what is no reply (\(garbage) lines)") }
        if foreign > 0 { parts.append("answered for messages that it does not hold (\(foreign))") }
        return parts.joined(separator: "; ")
    }
}
