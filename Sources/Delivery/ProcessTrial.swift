// SPDX-License-Identifier: Apache-2.0
/// How processes of a stream service are tried after one has died with messages in hand. Was it the program, or one of the
/// messages? The next ones get one message alone at a time, until as many are answered as the dead one held; after a death
/// at start they get none before they are up.
///
/// Pure; StreamRunner keeps one for all the processes of its shard.
/// Invariant: a death costs a message an attempt only if the process held nothing else, and if it either had answered
/// before or was given time to come up.

import LinuxIO

struct ProcessTrial {
    /// What the end of a process means for what it held.
    enum Meaning: Equatable {
        /// The program did not start: no attempt of any message.
        case launchFailed(Failure)
        /// It died of the one message that it got: an attempt, and the next launch waits as after one that failed.
        case failedAlone
        /// It had started, and held one message: an attempt.
        case failed
        /// It had started, and held several, of which one may be the cause: no attempt of any.
        case unclear

        /// Why the attempts have failed; nil: none has.
        /// - Parameter verdict: why the process was ended, if that was its own fault.
        func cause(_ status: ExitStatus, verdict: Failure?) -> Failure? {
            switch self {
            case .launchFailed, .unclear: nil
            case .failedAlone: verdict ?? .diedAlone(status)
            case .failed: verdict ?? .ended(status)
            }
        }
    }

    /// How long a process gets nothing that can't say that it is up, nanoseconds.
    private let hold: UInt64
    /// How many messages are still to be answered alone.
    private(set) var suspects = 0
    /// The last one has died at its start: whether the program comes up at all is not known.
    private var isAboutStart = false

    init(hold: UInt64) { self.hold = hold }

    var isOn: Bool { suspects > 0 }

    /// How many of `window` deliveries a process may hold.
    func most(of window: Int, launchedAt: UInt64, now: UInt64) -> Int {
        guard isOn else { return window }
        return opening(launchedAt: launchedAt, after: now) == .max ? min(window, 1) : 0
    }

    /// When a process gets its first message; `.max` if nothing is held back from it any more.
    func opening(launchedAt: UInt64, after now: UInt64) -> UInt64 {
        let opening = launchedAt.addingSaturated(hold)
        return isOn && isAboutStart && now < opening ? opening : .max
    }

    /// A message is answered: it is none of those that kill, and the program has come up.
    @inline(__always) mutating func pass() {
        guard isOn else { return }
        suspects -= 1
        isAboutStart = false
    }

    /// A process has ended, or is ended as it answers nothing any more.
    /// - Parameters: `startFailure`: why it never really started; nil if it did. `held`: deliveries that it leaves.
    mutating func end(_ startFailure: Failure?, held: Int) -> Meaning {
        guard let startFailure else { return held > 1 ? suspect(held, aboutStart: false, .unclear) : .failed }
        if isOn, isAboutStart, held == 1 { return .failedAlone }
        return held > 0 ? suspect(held, aboutStart: true, .launchFailed(startFailure)) : .launchFailed(startFailure)
    }

    /// Those of an earlier death that were not answered yet may be among them or not.
    private mutating func suspect(_ held: Int, aboutStart: Bool, _ meaning: Meaning) -> Meaning {
        suspects = max(suspects, held)
        isAboutStart = aboutStart
        return meaning
    }
}
