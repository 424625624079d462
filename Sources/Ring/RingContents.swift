// SPDX-License-Identifier: Apache-2.0

/// What a new ring begins with when it takes up where an earlier one stopped: counts, senders, and shards whose
/// undelivered records are all parked.
///
/// Filled by the supervisor from what recovery found in the state folder.
///
/// Invariant: every floor is at `next`, so that the ring itself begins empty.
package struct RingContents: Sendable {
    /// One slot's shards. The slot itself is installed by `ControlWriter`, with the same extent of the tables.
    package struct Slot: Sendable {
        package let index: Int
        package let slot: ServiceSlot
        /// As many as the slot has, in order.
        package let shards: [ShardState]

        package init(index: Int, slot: ServiceSlot, shards: [ShardState]) {
            self.index = index
            self.slot = slot
            self.shards = shards
        }
    }

    /// Of the records to come.
    package var epoch: UInt32 = 0
    /// The first sequence to be given.
    /// Sequences start at 1, so that 0 is never one.
    package var next: UInt64 = 1
    package var totals = IntakeTotals()
    package var senders: [(id: SenderID, last: UInt64, used: UInt64)] = []
    package var slots: [Slot] = []

    package init() {}

    func write(control: SharedWords) { control.store(UInt64(epoch), RingLayout.Control.epoch) }

    func write(log: SharedWords) {
        log.store(HeadWord(sequence: next, copy: 0).raw, RingLayout.Log.head)
        log.store(next, RingLayout.Log.intentSequence)
        log.store(next, RingLayout.Log.sendersApplied)
        log.store(next, RingLayout.Log.first)
        RingProducer.pairedTotals(log).write(totals.words.span, copy: 0)
        let entries = SenderEntries(words: log.advanced(by: RingLayout.Log.senders))
        for (index, sender) in senders.prefix(RingGeometry.senders).enumerated() {
            entries[index].store(sender.id.high, SenderEntries.At.high)
            entries[index].store(sender.id.low, SenderEntries.At.low)
            entries[index].store(sender.last, SenderEntries.At.last)
            entries[index].store(sender.used, SenderEntries.At.used)
        }
    }

    func write(outcomes: SharedWords) {
        for place in slots {
            for (shard, state) in place.shards.prefix(place.slot.shards).enumerated() {
                write(state, of: place, shard, to: outcomes)
            }
        }
    }

    private func write(_ state: ShardState, of place: Slot, _ shard: Int, to outcomes: SharedWords) {
        typealias At = RingLayout.Shard
        let block = Floors.block(outcomes, slot: place.index, shard: shard)
        var values = state.counts + [UInt64](repeating: 0, count: ShardTotals.words - state.counts.count)
        values[ShardTotals.lastSettled] = state.lastSettled
        ShardTotals.pair(block).write(values.span, copy: 0)
        block.store(next << 1, At.floor)
        block.store(state.parkedFrom, At.parkedFrom)
        block.store(state.parkedTo, At.parkedTo)
        block.store(state.parkedTime, At.parkedTime)
        let table = InFlightTable(outcomes: outcomes, slot: place.slot, shard: shard)
        for (index, entry) in state.entries.prefix(table.capacity).enumerated() { table.restore(entry, at: index) }
        block.store(place.slot.incarnation, At.incarnation)
    }
}
