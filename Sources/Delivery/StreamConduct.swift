// SPDX-License-Identifier: Apache-2.0
/// What a stream process has shown of itself so far, and what its end means by that.
///
/// Pure; StreamRunner begins a new one with each process.
/// Invariant: a process that has answered has started, whatever it does afterwards.

import LinuxIO

struct StreamConduct {
    /// It has answered, or said that it is up.
    private(set) var hasSpoken = false
    private(set) var hasAnswered = false
    /// Its end is our doing: then it tells nothing about the program.
    private var isEndedByUs = false
    /// Why it was ended, if that was its own fault.
    private(set) var verdict: Failure?

    mutating func speak() { hasSpoken = true }

    mutating func answer() {
        hasSpoken = true
        hasAnswered = true
    }

    /// We end it.
    /// - Parameter verdict: nil if there is nothing wrong with it.
    mutating func end(_ verdict: Failure? = nil) {
        isEndedByUs = true
        self.verdict = self.verdict ?? verdict
    }

    /// Why the process never really started; nil if it did.
    /// - Parameters:
    ///   - isYoung: it has ended soon after its launch.
    ///   - isUp: it has said all that it has to say before it gets anything.
    func startFailure(_ status: ExitStatus, isYoung: Bool, isUp: Bool) -> Failure? {
        guard !hasAnswered else { return nil }
        switch verdict {
        case .neverUp, .unreadable: return verdict
        case _ where isEndedByUs: return nil
        default: return isYoung || !isUp ? .diedAtStart(status) : nil
        }
    }
}
