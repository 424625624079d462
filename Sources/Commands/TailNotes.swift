// SPDX-License-Identifier: Apache-2.0
/// The words on stderr about what a tail could not show.
///
/// Used by Tail, which prints them between two batches and at the end.
/// Invariant: every record that was missed is told of in the end, and while it runs no more than one line a second.

internal import Ring

struct TailNotes {
    /// Nanoseconds.
    private static let pause: UInt64 = 1_000_000_000

    private var told: UInt64 = 0
    private var toldAt: UInt64?

    /// What there is to be said now; nil if nothing, or not yet.
    mutating func note(missed: UInt64, at now: UInt64) -> String? {
        guard missed > told, toldAt.map({ now >= $0 &+ Self.pause }) ?? true else { return nil }
        defer { (told, toldAt) = (missed, now) }
        return "missed \(Self.count(missed - told)): the ring came round before they were read"
    }

    /// The last words.
    func sum(missed: UInt64, damaged: UInt64) -> [String] {
        var words: [String] = []
        if missed > 0 { words.append("missed \(Self.count(missed)) in all") }
        if damaged > 0 { words.append("left out \(Self.count(damaged)) that could not be read: the ring is damaged") }
        return words
    }

    static func count(_ value: UInt64) -> String { value == 1 ? "1 notification" : "\(value) notifications" }
}
