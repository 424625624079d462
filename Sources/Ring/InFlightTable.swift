// SPDX-License-Identifier: Apache-2.0

/// A shard's deliveries that have begun and not ended, in R2: which record, the how manieth attempt, and not
/// before when the next one.
///
/// The holder of the lease writes it before each delivery, so that its successor knows what was in flight.
///
/// Invariant: a record stands in at most one entry, and an entry's attempt is recorded before its delivery.
@usableFromInline
package struct InFlightTable {
    @usableFromInline package enum State: UInt32, Sendable {
        case inFlight = 1
        case backingOff = 2
        /// Taken out of the parked records, and not handed out yet.
        case taken = 3
    }

    package struct Entry: Equatable, Sendable {
        package let sequence: UInt64
        /// 1 for the first.
        package let attempt: UInt32
        package let state: State
        /// ns CLOCK_MONOTONIC, meant for `backingOff`.
        package let notBefore: UInt64

        package init(sequence: UInt64, attempt: UInt32, state: State, notBefore: UInt64) {
            self.sequence = sequence
            self.attempt = attempt
            self.state = state
            self.notBefore = notBefore
        }
    }

    package let capacity: Int
    @usableFromInline let words: SharedWords

    init(outcomes: SharedWords, slot: ServiceSlot, shard: Int) {
        capacity = slot.tableCapacity
        words = outcomes.advanced(
            by: RingLayout.Outcomes.tables
                + (slot.tableStart + shard * slot.tableCapacity) * RingLayout.Outcomes.entryStride)
    }

    package subscript(index: Int) -> Entry? {
        let at = entry(index)
        let sequence = at.acquire(RingLayout.Entry.sequence)  // pairs with the release in begin()
        let progress = at.relaxed(RingLayout.Entry.progress)
        guard sequence != 0, let state = State(rawValue: UInt32(truncatingIfNeeded: progress >> 32)) else { return nil }
        return Entry(
            sequence: sequence, attempt: UInt32(truncatingIfNeeded: progress), state: state,
            notBefore: at.relaxed(RingLayout.Entry.notBefore))
    }

    /// Records that an attempt begins; the entry is free or already this record's.
    @inline(__always) @inlinable package func begin(_ index: Int, sequence: UInt64, attempt: UInt32) {
        let at = entry(index)
        at.release(UInt64(attempt) | UInt64(State.inFlight.rawValue) << 32, RingLayout.Entry.progress)
        // Release, last: a successor that sees the record sees its attempt. Pairs with the subscript's acquire.
        at.release(sequence, RingLayout.Entry.sequence)
    }

    /// Takes a parked record in, before `ShardLease.advanceParked` passes it. The entry is free.
    package func take(_ index: Int, sequence: UInt64) {
        let at = entry(index)
        at.store(UInt64(State.taken.rawValue) << 32, RingLayout.Entry.progress)
        // Release, last, as in begin(): pairs with the subscript's acquire.
        at.release(sequence, RingLayout.Entry.sequence)
    }

    /// Records that an attempt failed, and from when on the next may begin.
    /// - Parameter firstFailed: when the first attempt failed, ns since 1970; 0 if none has.
    package func backOff(_ index: Int, attempt: UInt32, notBefore: UInt64, firstFailed: UInt64 = 0) {
        let at = entry(index)
        if firstFailed != 0 { at.store(firstFailed, RingLayout.Entry.firstFailed) }
        at.store(notBefore, RingLayout.Entry.notBefore)
        // Release: pairs with the subscript's acquire of the sequence after this process's death.
        at.release(UInt64(attempt) | UInt64(State.backingOff.rawValue) << 32, RingLayout.Entry.progress)
    }

    /// When the first attempt of an entry's record failed, ns since 1970; meant for one of which an attempt has failed.
    package func firstFailed(_ index: Int) -> UInt64? {
        let time = entry(index).relaxed(RingLayout.Entry.firstFailed)
        return time == 0 ? nil : time
    }

    /// Frees an entry, behind the outcome of its record.
    @inline(__always) @inlinable package func free(_ index: Int) {
        entry(index).release(0, RingLayout.Entry.sequence)  // pairs with the subscript's acquire
    }

    /// Enters what an earlier ring's table held.
    func restore(_ entry: Entry, at index: Int) {
        let at = self.entry(index)
        at.store(entry.notBefore, RingLayout.Entry.notBefore)
        at.store(UInt64(entry.attempt) | UInt64(entry.state.rawValue) << 32, RingLayout.Entry.progress)
        at.store(entry.sequence, RingLayout.Entry.sequence)
    }

    func clear() { for index in 0..<capacity { free(index) } }

    /// Frees the entries whose records are not wanted: a predecessor died between outcome and `free`.
    func keepOnly(_ isPending: (UInt64) -> Bool) {
        for index in 0..<capacity {
            if let entry = self[index], isPending(entry.sequence) { continue }
            free(index)
        }
    }

    @inline(__always) @inlinable func entry(_ index: Int) -> SharedWords {
        words.advanced(by: index &* RingLayout.Outcomes.entryStride)
    }
}
