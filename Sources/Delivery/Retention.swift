// SPDX-License-Identifier: Apache-2.0
/// How much is pending for a shard, in bytes, and when the first of it is too old: what its service's `retain` needs.
///
/// Pure; Shard+Retaining tells it what comes and goes, and drops what is too much. A service without limits has none.
/// Invariant: `held` counts each pending record of the shard once, but those of the ring from `seen` on and the parked
/// ones in `uncounted`.

import Settings

final class Retention {
    /// nil: there is no such limit.
    let bytes: UInt64?
    /// Nanoseconds.
    let age: UInt64?
    private(set) var held: UInt64 = 0
    /// From here on the ring was not looked at.
    private(set) var seen: UInt64
    /// Parked records that a predecessor, or earlier settings, left uncounted.
    private(set) var uncounted: Range<UInt64>
    /// When something may be too old, nanoseconds since 1970; 0: to be looked for, `.max`: nothing waits.
    var nextExpiry: UInt64 = 0
    /// What waits in the ring without an entry is not below it.
    var ringFrom: UInt64 = 0
    /// What of that is below it is a replay, which is never too old.
    var agedTo: UInt64 = 0

    /// - Parameters: `floor`: the shard's. `parked`: what may be parked for it.
    init?(
        _ limits: Settings.Service.Retain, shard: Int, of shards: Int, floor: UInt64, parked: Range<UInt64>
    ) {
        guard limits.bytes != nil || limits.age != nil else { return nil }
        bytes = limits.bytes.map { Self.share($0, shard, of: shards) }
        age = limits.age?.nanoseconds
        seen = floor
        uncounted = limits.bytes == nil ? parked.lowerBound..<parked.lowerBound : parked
    }

    /// The limit is the service's; each of its shards keeps to its part.
    static func share(_ bytes: Int, _ shard: Int, of shards: Int) -> UInt64 {
        let (each, rest) = bytes.quotientAndRemainder(dividingBy: max(shards, 1))
        return UInt64(each + (shard < rest ? 1 : 0))
    }

    var isOver: Bool { bytes.map { held > $0 } ?? false }

    /// Whether so many bytes more may be too many.
    func mayExceed(by more: UInt64) -> Bool { bytes.map { held &+ more > $0 } ?? false }

    // MARK: what comes and goes

    func add(_ count: Int) { held &+= UInt64(count) }
    func subtract(_ count: Int) { held -= min(held, UInt64(count)) }

    func look(to head: UInt64) { seen = max(seen, head) }

    /// Parked records up to `sequence` are counted, or settled.
    func counted(through sequence: UInt64) {
        guard uncounted.contains(sequence) else { return }
        uncounted = (sequence &+ 1)..<uncounted.upperBound
    }

    func countedAll() { uncounted = uncounted.upperBound..<uncounted.upperBound }

    /// Counts anew: nothing is parked, and the ring is to be looked through.
    /// - Parameter outside: bytes of what has an entry and is not in the ring.
    func recount(from floor: UInt64, outside: Int) {
        held = UInt64(outside)
        seen = floor
    }

    // MARK: age

    /// Something waits that was received then; 0: nobody knows when.
    func expect(_ time: UInt64) {
        guard let age, time != 0 else { return }
        nextExpiry = min(nextExpiry, time.addingSaturated(age))
    }

    /// What was received then, or before, is too old.
    func cutoff(at now: UInt64) -> UInt64 { age.map { now - min(now, $0) } ?? 0 }

    /// It is to be looked again at that moment.
    func look(again time: UInt64) { nextExpiry = min(nextExpiry, time) }
}
