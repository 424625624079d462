// SPDX-License-Identifier: Apache-2.0
/// Which of a shard's records is to be handed out next: those due again first, then new ones, in the order asked for.
///
/// Pure; Shard asks it and performs what it says. Its indices are those of the shard's in-flight table. What it does
/// with parked records is in ShardQueue+Parked.
/// Invariant: every record of the shard from `ringFrom` to `cursor` is resolved, has an entry, or was passed over behind
/// a lower record that has one; so nothing of the ring below `floor` is pending.

import LinuxIO

/// Where a queue looks for records: the shard's lease, or a table in a test.
protocol ShardRecords {
    /// The first pending record of the shard in the range.
    func nextPending(from: UInt64, to end: UInt64) -> UInt64?
    /// What its order is kept by, nil without an order.
    func orderKey(of sequence: UInt64) -> UInt32?
}

final class ShardQueue {
    /// One hand-out of a record.
    struct Delivery: Equatable {
        let index: Int
        let sequence: UInt64
        /// 1 for the first.
        let attempt: UInt32
        /// Whether a process may have seen it before.
        let isRepeated: Bool
    }

    /// A record that a predecessor had handed out, and its place in the in-flight table.
    struct Unfinished: Equatable {
        let index: Int
        let sequence: UInt64
        /// Attempts that count; a delivery that was cut off does not.
        let failures: UInt32
        /// When the next attempt may begin; nil for a delivery that was cut off, which is repeated at once.
        let due: UInt64?
        var wasHandedOut = true
    }

    enum State {
        case free, inFlight, waiting
        /// Not delivered again: it waits until it is kept as a dead letter.
        case buried
    }

    // The large members first, so that it is all zero bytes in the beginning, without gaps.
    struct Entry {
        var sequence: UInt64 = 0
        var due: UInt64 = 0
        /// Attempts that count.
        var failures: UInt32 = 0
        var key: UInt32 = 0
        var state = State.free
        var wasHandedOut = false
    }

    let entries: FixedArray<Entry>
    /// The free entries, a stack: the one that was free for the shortest time is still in the cache.
    let vacant: FixedArray<Int32>
    var vacancies = 0
    private let index: EntryIndex
    let bySequence: IndexList
    private let due: DueHeap
    let held = HeldKeys()
    let isOrdered: Bool
    /// From here on nothing has been looked at.
    var cursor: UInt64
    /// Whether there may be records between the cursor and the head, or parked ones.
    var isBehind = true
    /// Whether new records may be taken from the ring: it is behind, and nothing of ShardQueue+Parked is in the way.
    var seeks = true
    private(set) var inFlight = 0
    // The state of ShardQueue+Parked.
    var ringFrom: UInt64
    var old = 0
    var frozenTo: UInt64 = 0
    var hasParked = false

    /// - Parameters:
    ///   - stride: how far the shard's records are from one to the next, where that is known.
    ///   - taken: what a predecessor left unfinished, by sequence.
    init(
        capacity: Int, isOrdered: Bool, stride: Int = 1, floor: UInt64, taken: [Unfinished] = [],
        from records: some ShardRecords
    ) {
        entries = FixedArray(repeating: Entry(), count: capacity)
        vacant = FixedArray(repeating: 0, count: capacity)
        index = EntryIndex(capacity: capacity, stride: stride)
        bySequence = IndexList(capacity: capacity)
        due = DueHeap(capacity: capacity)
        self.isOrdered = isOrdered
        cursor = floor
        ringFrom = floor
        for unfinished in taken { restore(unfinished, from: records) }
        for place in (0..<capacity).reversed() where entries[place].state == .free { vacate(place) }
    }

    /// Records that have an entry: in flight or to be delivered again.
    var count: Int { entries.count &- vacancies }
    var isEmpty: Bool { vacancies == entries.count }
    /// When the next record is due again, if any; one that must wait for another of its key may be due earlier.
    var nextDue: UInt64? { due.first?.due }
    /// No record of the shard below it is pending.
    var floor: UInt64 {
        let floor = min(cursor, firstOfRing.map { entries[$0].sequence } ?? .max)
        return old == 0 ? floor : min(floor, firstPassedOver)
    }

    private func restore(_ taken: Unfinished, from records: some ShardRecords) {
        enter(taken.index, taken.sequence, key: records.orderKey(of: taken.sequence) ?? 0)
        entries[taken.index].failures = taken.failures
        entries[taken.index].wasHandedOut = taken.wasHandedOut
        if taken.sequence < ringFrom { old += 1 }
        entries[taken.index].due = taken.due ?? 0
        if isOrdered, taken.failures > 0 { held.hold(taken.sequence, key: entries[taken.index].key) }
        push(taken.index)
    }

    // MARK: handing out

    /// The next record to be handed out, which is in flight from now on.
    @inline(__always) func next(now: UInt64, head: UInt64, from records: some ShardRecords) -> Delivery? {
        guard let index = nextAgain(now) ?? nextNew(head, records) else { return nil }
        entries[index].state = .inFlight
        inFlight &+= 1
        let entry = entries[index]
        return Delivery(
            index: index, sequence: entry.sequence, attempt: entry.failures &+ 1, isRepeated: entry.wasHandedOut)
    }

    @inline(__always) private func nextAgain(_ now: UInt64) -> Int? {
        while let item = due.first, item.due <= now {
            due.pop()
            let key = entries[item.index].key
            guard isOrdered, held.blocks(item.sequence, key: key) else { return item.index }
            held.hold(item.sequence, key: key)
        }
        return nil
    }

    @inline(__always) private func nextNew(_ head: UInt64, _ records: some ShardRecords) -> Int? {
        guard seeks, vacancies > 0 else { return nil }
        while let sequence = records.nextPending(from: cursor, to: head) {
            cursor = sequence &+ 1
            if has(sequence) { continue }
            var key: UInt32 = 0
            if isOrdered {
                key = records.orderKey(of: sequence) ?? 0
                if held.blocks(sequence, key: key) {
                    held.passOver(sequence, key: key)
                    continue
                }
            }
            vacancies &-= 1
            let place = Int(vacant[vacancies])
            enter(place, sequence, key: key)
            return place
        }
        cursor = max(cursor, head)
        isBehind = false
        seeks = false
        return nil
    }

    @inline(__always) private func has(_ sequence: UInt64) -> Bool {
        guard let last = bySequence.last, sequence <= entries[last].sequence else { return false }
        return index[sequence] != nil
    }

    @inline(__always) func enter(_ place: Int, _ sequence: UInt64, key: UInt32) {
        entries[place] = Entry(sequence: sequence, key: key, state: .waiting)
        index.insert(sequence, place)
        var left = bySequence.last
        while let candidate = left, entries[candidate].sequence > sequence { left = bySequence.before(candidate) }
        bySequence.insert(place, after: left)
    }

    @inline(__always) private func vacate(_ place: Int) {
        vacant[vacancies] = Int32(truncatingIfNeeded: place)
        vacancies &+= 1
    }

    // MARK: what becomes of it

    /// The entry of a record that has one.
    func find(_ sequence: UInt64) -> Int? { index[sequence] }
    func isInFlight(_ index: Int) -> Bool { entries[index].state == .inFlight }
    func sequence(at index: Int) -> UInt64 { entries[index].sequence }
    func failures(at index: Int) -> UInt32 { entries[index].failures }

    /// A delivery has failed, which counts as an attempt; the next may begin at `due`.
    func fail(_ index: Int, due: UInt64) {
        entries[index].failures &+= 1
        entries[index].wasHandedOut = true
        wait(index, due: due)
        guard isOrdered else { return push(index) }
        let (sequence, key) = (entries[index].sequence, entries[index].key)
        held.hold(sequence, key: key)
        if !held.blocks(sequence, key: key) { push(index) }
    }

    /// A delivery has failed for good; its entry stays until `resolve`, and holds back what an order says.
    /// - Parameter isAttempt: false: it is given up with all that comes behind it, which need not wait for it.
    func bury(_ index: Int, isAttempt: Bool = true) {
        if isAttempt { entries[index].failures &+= 1 }
        wait(index, due: 0)
        entries[index].state = .buried
        if isOrdered, isAttempt { held.hold(entries[index].sequence, key: entries[index].key) }
    }

    func isBuried(_ index: Int) -> Bool { entries[index].state == .buried }
    var hasBuried: Bool { entries.indices.contains { entries[$0].state == .buried } }

    /// Whether nothing is under way and nothing can be handed out before the deadline, whatever is pending.
    func isQuiet(until deadline: UInt64) -> Bool {
        // Where it is full, what has no entry must wait for what has one.
        inFlight == 0 && (!isBehind || vacancies == 0) && (nextDue ?? .max) > deadline && !hasBuried
    }

    /// A delivery came to nothing through no fault of its own: no attempt, and it is due at once.
    /// - Parameter wasHandedOut: whether a process may have seen it.
    func putBack(_ index: Int, wasHandedOut: Bool, due: UInt64 = 0) {
        if wasHandedOut { entries[index].wasHandedOut = true }
        wait(index, due: due)
        push(index)
    }

    /// What backs off is due now, as far as nothing before it holds it back.
    /// - Returns: the indices of what it was.
    func hurry(now: UInt64) -> [Int] {
        let early = entries.indices.filter { entries[$0].state == .waiting && entries[$0].due > now }
        for index in early {
            entries[index].due = now
            // What is held back is pushed when it is let go.
            let isBlocked = isOrdered && held.blocks(entries[index].sequence, key: entries[index].key)
            if isBlocked { due.remove(index) } else { push(index) }
        }
        return early
    }

    /// A record has its outcome: its entry is free again, and those that it held back may go.
    func resolve(_ place: Int) {
        let entry = entries[place]
        if entry.state == .inFlight { inFlight &-= 1 } else { due.remove(place) }
        if entry.sequence < ringFrom { old &-= 1 }
        entries[place] = Entry()
        index.remove(place)
        bySequence.remove(place)
        vacate(place)
        guard isOrdered else { return }
        let release = held.resolve(entry.sequence, key: entry.key)
        if let next = release.next, let index = index[next], entries[index].state == .waiting { push(index) }
        if let passedFrom = release.passedFrom { goBack(to: passedFrom) }
    }

    private func wait(_ index: Int, due: UInt64) {
        if entries[index].state == .inFlight { inFlight &-= 1 }
        entries[index].state = .waiting
        entries[index].due = due
    }

    func push(_ index: Int) {
        due.push(DueHeap.Item(due: entries[index].due, sequence: entries[index].sequence, index: index))
    }

    // MARK: the cursor

    private func goBack(to sequence: UInt64) {
        cursor = min(cursor, max(sequence, ringFrom))
        isBehind = true
        decide()
    }

    /// A caught-up shard is told that there was nothing of its own below `frontier`, or that its next record is there.
    func follow(to frontier: UInt64, isBehind: Bool) {
        guard !self.isBehind else { return }
        cursor = max(cursor, frontier)
        self.isBehind = isBehind
        decide()
    }
}
