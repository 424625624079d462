// SPDX-License-Identifier: Apache-2.0
/// Whether the worker wakes for a stream process's answers, or looks at them when messages wake it anyway.
///
/// Pure; part of StreamRunner. Where messages follow each other closely and the window is far from full, nobody waits for
/// an answer, and to be woken for each would cost as much as to deliver the next message.
/// Invariant: an answer lies for `pause` at most, and not at all once an eighth of the window waits.

struct AnswerPatience {
    /// Nanoseconds.
    static let pause: UInt64 = 1_000_000
    /// So many messages in a row must have come closely, each within a pause of the one before.
    private static let run = 16

    /// Whether answers are left until they are looked at.
    private(set) var isPatient = false
    private var close = 0
    private var lastHandOut: UInt64 = 0
    private var lastLook: UInt64 = 0

    /// Messages were handed out. Must be told of each time.
    mutating func handedOut(now: UInt64, inFlight: Int, window: Int) {
        close = now &- lastHandOut < Self.pause && inFlight < window / 8 ? min(close + 1, Self.run) : 0
        lastHandOut = now
        let was = isPatient
        isPatient = close == Self.run
        if isPatient, !was { lastLook = now }
    }

    /// Whether the answers are to be looked at now.
    mutating func looks(now: UInt64) -> Bool {
        guard isPatient, now &- lastLook >= Self.pause / 2 else { return false }
        lastLook = now
        return true
    }

    /// Nothing came for a pause: from now on answers wake.
    mutating func expire(now: UInt64) {
        guard deadline <= now else { return }
        isPatient = false
        close = 0
    }

    /// Monotonic nanoseconds; `.max` if answers wake.
    var deadline: UInt64 { isPatient ? lastHandOut.addingSaturated(Self.pause) : .max }
}
