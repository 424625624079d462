// SPDX-License-Identifier: Apache-2.0

/// The last failures of a worker's services, in words, in its page (R4): what failed, when last, how often.
///
/// A worker writes it for all of its shards, a few times a round at most; the supervisor reads it for
/// `belfry services`. A worker's successor goes on with what its predecessor noted.
///
/// Invariant: a failure that happens again is counted where it stands; while there are no more services that fail than
/// entries, the last failure of each of them has one.
package final class FailureLog {
    package static let entries = RingLayout.Page.failureLimit
    package static let wordsLimit = RingLayout.Failure.wordsLimit

    private let words: SharedWords
    private var known: [FailureEntry?]
    private typealias At = RingLayout.Failure

    /// - Parameter page: one's own; it must outlive this.
    package init(_ page: borrowing ProcessPage) {
        words = page.words
        known = (0..<Self.entries).map { [words = page.words] in Self.read(words, $0) }
    }

    /// Notes that a service failed.
    /// - Parameters:
    ///   - text: why; cut at `wordsLimit` bytes.
    ///   - times: how often, since this was last told.
    ///   - now: nanoseconds since 1970.
    package func note(slot: Int, incarnation: UInt64, _ text: String, times: UInt64, at now: UInt64) {
        let bytes = SharedWords.words(text, At.wordsLimit)
        var entry = FailureEntry(
            time: now, slot: slot, incarnation: incarnation, count: times,
            words: String(decoding: bytes, as: UTF8.self))
        let place = Self.place(for: entry, in: known)
        if let before = known[place], before.isSameFailure(as: entry) { entry.count &+= before.count }
        known[place] = entry
        write(entry, bytes, at: place)
    }

    /// Where a failure is to stand: where it stands already; else where nothing does; else in the place of the oldest
    /// one of the service that has the most.
    static func place(for new: FailureEntry, in known: [FailureEntry?]) -> Int {
        if let same = known.firstIndex(where: { $0?.isSameFailure(as: new) ?? false }) { return same }
        if let free = known.firstIndex(where: { $0 == nil }) { return free }
        func share(_ entry: FailureEntry) -> Int {
            known.count { $0?.slot == entry.slot && $0?.incarnation == entry.incarnation }
        }
        let ranked = known.indices.compactMap { place in known[place].map { (place, share($0), $0.time) } }
        return ranked.max { ($0.1, $1.2) < ($1.1, $0.2) }?.0 ?? 0
    }

    private func write(_ entry: FailureEntry, _ bytes: [UInt8], at place: Int) {
        let at = words.advanced(by: RingLayout.Page.failures + place * RingLayout.Page.failureStride)
        let stamp = at.relaxed(At.stamp) | 1
        at.store(stamp, At.stamp)
        SharedWords.releaseFence()  // pairs with the acquire in read()
        at.store(entry.time, At.time)
        at.store(entry.incarnation, At.incarnation)
        at.store32(UInt32(truncatingIfNeeded: entry.slot), At.slot)
        at.store32(UInt32(bytes.count), At.wordsLength)
        at.store(entry.count, At.count)
        at.copy(bytes.span, to: At.words)
        at.release(stamp &+ 1, At.stamp)  // pairs with the acquire in read()
    }

    /// An entry as it stands; nil if there is none, or one that its writer died over.
    fileprivate static func read(_ page: SharedWords, _ place: Int) -> FailureEntry? {
        let at = page.advanced(by: RingLayout.Page.failures + place * RingLayout.Page.failureStride)
        for _ in 0..<100 {
            let stamp = at.acquire(At.stamp)  // pairs with the release in write()
            guard stamp != 0 else { return nil }
            guard stamp & 1 == 0 else { continue }
            // Nothing here is believed: the length and the slot are held to their bounds, the text is repaired.
            let slot = Int(at.load32(At.slot))
            let count = min(Int(at.load32(At.wordsLength)), At.wordsLimit)
            let entry = FailureEntry(
                time: at.relaxed(At.time), slot: slot, incarnation: at.relaxed(At.incarnation),
                count: at.relaxed(At.count), words: String(decoding: at.bytes(At.words, count), as: UTF8.self))
            SharedWords.acquireFence()
            guard at.relaxed(At.stamp) == stamp else { continue }
            return (0..<RingGeometry.slots).contains(slot) ? entry : nil
        }
        return nil
    }
}

extension ProcessPage {
    /// The last failures that its worker noted, in no order.
    package func failures() -> [FailureEntry] {
        (0..<FailureLog.entries).compactMap { [words] in FailureLog.read(words, $0) }
    }
}
