// SPDX-License-Identifier: Apache-2.0
/// How processes of a stream service are tried after one has died at its start with messages in hand. Was it the program, or
/// one of the messages? The next process gets nothing until it is up, and then one message alone, until it answers.
///
/// Pure; StreamRunner keeps one for all the processes of its shard.
/// Invariant: a death at start costs a message an attempt only if the process was on trial and held nothing else.

import LinuxIO

struct StartTrial {
    /// What the end of a process means for what it held.
    enum Meaning: Equatable {
        /// The program did not start: no attempt of any message.
        case launchFailed(Failure)
        /// It died of the one message that it got: an attempt, and the next launch waits as after one that failed.
        case failedAlone
        /// It had started: an attempt of all that it held.
        case failed

        /// Why the attempts have failed; nil: none has.
        /// - Parameter verdict: why the process was ended, if that was its own fault.
        func cause(_ status: ExitStatus, verdict: Failure?) -> Failure? {
            switch self {
            case .launchFailed: nil
            case .failedAlone: verdict ?? .diedAlone(status)
            case .failed: verdict ?? .ended(status)
            }
        }
    }

    /// How long a process gets nothing that can't say that it is up, nanoseconds.
    private let hold: UInt64
    private(set) var isOn = false

    init(hold: UInt64) { self.hold = hold }

    /// How many of `window` deliveries a process may hold.
    func most(of window: Int, launchedAt: UInt64, now: UInt64) -> Int {
        guard isOn else { return window }
        return opening(launchedAt: launchedAt, after: now) == .max ? min(window, 1) : 0
    }

    /// When a process gets its first message; `.max` if nothing is held back from it any more.
    func opening(launchedAt: UInt64, after now: UInt64) -> UInt64 {
        let opening = launchedAt.addingSaturated(hold)
        return isOn && now < opening ? opening : .max
    }

    /// A process has answered: it has started, and the next ones are trusted.
    mutating func pass() { isOn = false }

    /// A process has ended.
    /// - Parameters: `startFailure`: why it never really started; nil if it did. `held`: deliveries that it leaves.
    mutating func end(_ startFailure: Failure?, held: Int) -> Meaning {
        guard let startFailure else { return .failed }
        if isOn, held == 1 { return .failedAlone }
        if held > 0 { isOn = true }
        return .launchFailed(startFailure)
    }
}
