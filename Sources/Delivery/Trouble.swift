// SPDX-License-Identifier: Apache-2.0
/// What is wrong with a shard's service, in the words that `status` shows.
///
/// Kept by Shard: the last failure until a delivery succeeds; what a process answered that is no answer, and that it
/// takes nothing, until the process is replaced; and what happened since the page's failures were last brought up to
/// date.
/// Invariant: `version` changes whenever the words do, so that nobody builds them for nothing; the news stay few.

import Control
import LinuxIO

enum Failure: Equatable {
    /// The program could not be started: which step, of what, and why.
    case launch(String)
    /// A stream process ended before its first answer.
    case diedAtStart(ExitStatus)
    /// So did the next one, which had got this one message alone.
    case diedAlone(ExitStatus)
    /// A process ended with deliveries of its own, or an exec process asked for another attempt.
    case ended(ExitStatus)
    case timedOut
    /// It answered `fail`, with these words.
    case refused(String)
    case mute
    case closedInput
    case closedOutput
    case closedSocket
    /// A `frames` process did not say that it is up.
    case neverUp
    /// A `frames` process sent what is no frame, or one that is too long.
    case unreadable
    case corruptRecord(UInt64)
    /// Dropped for the service's limits.
    case overflow
    case expired
    /// So many records of the parked segments can't be read.
    case damagedSegment(UInt64)
    /// The disk gives no parked records now.
    case unreadableSegment
    /// It answered what is no reply, and the first such line begins like this.
    case garbage(String)
    /// It answered for a message that it does not hold.
    case foreign
    /// It wants a message never again: how it ended, or its words.
    case rejected(String)
    /// Its service was removed with `on-remove: dead`.
    case removed
}

extension Failure: CustomStringConvertible {
    var description: String {
        switch self {
        case .launch(let why): why
        case .diedAtStart(let status): "died at start (\(status))"
        case .diedAlone(let status): "died of its first message (\(status))"
        case .ended(let status): "ended with \(status)"
        case .timedOut: "no answer within the ack-timeout"
        case .refused(let why): why.isEmpty ? "answered fail" : "answered fail: \(why)"
        case .mute: "answers nothing, ended"
        case .closedInput: "closed its input"
        case .closedOutput: "closed its output"
        case .closedSocket: "closed its socket"
        case .neverUp: "sent no WINDOW in time, ended"
        case .unreadable: "sent what is no frame, ended"
        case .overflow: "more than retain.bytes waited: the oldest message was dropped (overflow)"
        case .expired: "a message waited for longer than retain.age: it was dropped (expired)"
        case .damagedSegment(let count): "of what was parked, \(count) can't be read (corrupt)"
        case .unreadableSegment: "the parked segments can't be read, tried again each second"
        case .corruptRecord(let sequence): "record \(sequence) is corrupt"
        case .garbage(let line): "answered what is no reply" + (line.isEmpty ? "" : ": \(line)")
        case .foreign: "answered for a message that it does not hold"
        case .rejected(let why): "rejected" + (why.isEmpty ? "" : ": \(why)")
        case .removed: "removed"
        }
    }
}

extension Failure {
    /// As a dead letter has it.
    var words: String { PrintableText.clean(description) }

    /// Which incident it is; nil for what only says something of a message.
    var incident: Incident.Kind? {
        switch self {
        case .launch, .diedAtStart: .launchFailure
        case .ended, .diedAlone, .closedInput, .closedOutput, .closedSocket, .unreadable: .serviceExit
        case .timedOut, .mute, .neverUp: .serviceTimeout
        case .corruptRecord, .damagedSegment: .corruption
        case .unreadableSegment: .disk
        case .overflow, .expired: .overload
        case .refused, .garbage, .foreign, .rejected, .removed: nil
        }
    }
}

struct Troubles {
    private(set) var version = 0
    private var failure: Failure?
    private var garbage = 0
    private var foreign = 0
    /// The first line of the present process that was no reply.
    private var firstGarbage: String?
    private var isClosed = false
    /// What a process answers in, for the words.
    private let unit: String
    /// What happened since `takeNews`, the last few kinds of it, and how often.
    private var news: [(failure: Failure, times: UInt64)] = []
    private static let newsLimit = 4

    init(answersIn unit: String) { self.unit = unit }

    mutating func set(_ failure: Failure) {
        note(failure)
        show(failure)
    }

    /// As `set`, for what may only be the beginning of an end, which is told when it has come.
    mutating func show(_ failure: Failure) {
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

    /// A line or frame that is no answer.
    /// - Parameter words: how it begins; asked for once a process, and never for frames, which are no words.
    mutating func countGarbage(_ words: @autoclosure () -> String) {
        let first = firstGarbage ?? (unit == "lines" ? words() : "")
        firstGarbage = first
        note(.garbage(first))
        garbage += 1
        version &+= 1
    }

    /// An answer for a message that the process does not hold.
    mutating func countForeign() {
        note(.foreign)
        foreign += 1
        version &+= 1
    }

    /// It takes nothing any more, or something again.
    mutating func setClosed(_ new: Bool) {
        guard new != isClosed else { return }
        isClosed = new
        version &+= 1
    }

    /// A new process begins with a clean sheet.
    mutating func clearAnswers() {
        guard garbage + foreign > 0 || isClosed else { return }
        garbage = 0
        foreign = 0
        firstGarbage = nil
        isClosed = false
        version &+= 1
    }

    var hasNews: Bool { !news.isEmpty }

    /// Gives what has happened since it was last asked, once.
    mutating func takeNews(_ tell: (Failure, _ times: UInt64) -> Void) {
        for (failure, times) in news { tell(failure, times) }
        news.removeAll(keepingCapacity: true)
    }

    /// Something that the failures tell, but that says nothing of how the service stands.
    mutating func note(_ failure: Failure) {
        if let place = news.firstIndex(where: { $0.failure == failure }) {
            news[place].times += 1
        } else {
            if news.count == Self.newsLimit { news.removeFirst() }
            news.append((failure, 1))
        }
    }

    /// Empty if all is well.
    var words: String {
        var parts: [String] = []
        if let failure { parts.append("\(failure)") }
        if garbage > 0 { parts.append("answered what is no reply (\(garbage) \(unit))") }
        if foreign > 0 { parts.append("answered for messages that it does not hold (\(foreign))") }
        if isClosed { parts.append("takes nothing now (WINDOW 0)") }
        return parts.joined(separator: "; ")
    }
}
