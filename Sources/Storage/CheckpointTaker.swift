// SPDX-License-Identifier: Apache-2.0
/// Reads a checkpoint out of the regions while everybody works on: docs/segments.md, "Taking a checkpoint", says in which
/// order, and why.
///
/// Used by Committer. What the supervisor alone knows comes with `account` and `settings`.
/// Invariant: a checkpoint counts no record at or above its head, and names no sender's number of one.

import LinuxIO
import Ring
import Segments

final class CheckpointTaker {
    /// Shards that move on while they are read are read anew so often.
    private static let tries = 3

    var account: SupervisorAccount
    /// The image in use.
    var settings: [UInt8]
    private let reader: RingReader
    private let mode: Checkpoint.Mode
    /// From the monotonic clock to the time of day. Kept as long as it is right by a second, or each checkpoint would
    /// differ from the last one.
    private var clockOffset: UInt64 = 0

    init(_ reader: RingReader, _ mode: Checkpoint.Mode, account: SupervisorAccount, settings: [UInt8]) {
        self.reader = reader
        self.mode = mode
        self.account = account
        self.settings = settings
    }

    /// - Parameters: `spilled`: all below it is in parked segments, or wanted from nowhere but the log. `committed`: `.max`
    ///   in memory mode.
    /// - Returns: the checkpoint and the slots' version that it covers; nil if shards or slots changed too fast to be read,
    ///   or the supervisor has still to tell what a slot had counted that is free by now.
    func take(spilled: UInt64, committed: UInt64, isClean: Bool = false) -> (Checkpoint, slots: UInt64)? {
        adjustClock()
        for _ in 0..<Self.tries {
            let version = reader.control.slotsVersion
            guard var checkpoint = read(spilled: spilled, committed: committed),
                reader.control.slotsVersion == version, reader.control.slotsFreed == account.slotsFreed
            else { continue }
            checkpoint.time = Clock.realtime()
            checkpoint.isClean = isClean
            checkpoint.kernelDropped = account.kernelDropped
            checkpoint.past = account.past
            checkpoint.settings = settings
            return (checkpoint, version)
        }
        return nil
    }

    /// What the regions say.
    private func read(spilled: UInt64, committed: UInt64) -> Checkpoint? {
        let senders = reader.senders()
        guard let slots = try? reader.control.slots(), let states = states(of: slots) else { return nil }
        // Behind the shards, so that no floor lies above it, and behind the senders.
        let (published, totals) = reader.intake()
        let head = min(committed, published)
        let places = zip(slots, states).flatMap { place, states in
            states.map { RingReader.ShardPlace(index: place.index, slot: place.slot, floor: $0.floor) }
        }
        guard let runs = reader.runs(of: places, to: head, split: spilled) else { return nil }
        let open = reader.uncommitted(from: head, to: published)
        var checkpoint = Checkpoint(
            logID: reader.control.logID, epoch: reader.control.epoch, mode: mode, head: head, spilled: spilled,
            ledgerSince: account.ledgerSince)
        checkpoint.intake = intake(totals, open)
        checkpoint.senders = senders.compactMap { sender($0, open) }
        checkpoint.slots = self.slots(slots, states, runs)
        return checkpoint
    }

    private func adjustClock() {
        let offset = Clock.realtime() &- Clock.monotonic()
        let second: UInt64 = 1_000_000_000
        if offset &- clockOffset &+ second > 2 * second { clockOffset = offset }
    }

    // MARK: intake

    private func intake(_ totals: IntakeTotals, _ open: RingReader.Uncommitted) -> Checkpoint.Intake {
        var intake = Checkpoint.Intake(totals)
        intake.published -= open.published
        intake.routed -= open.routed
        intake.unrouted -= open.published - open.routed
        intake.replayed -= min(open.replayed, intake.replayed)
        intake.bytes -= min(open.bytes, intake.bytes)
        for slot in intake.matched.indices { intake.matched[slot] -= open.matched[slot] }
        return intake
    }

    /// A number that is not committed was not accepted: the sender will send it again.
    private func sender(
        _ found: (id: SenderID, last: UInt64, used: UInt64), _ open: RingReader.Uncommitted
    ) -> Checkpoint.Sender? {
        let last = open.numbers[found.id].map { min(found.last, $0 &- 1) } ?? found.last
        return last == 0 ? nil : Checkpoint.Sender(id: found.id, last: last, used: found.used)
    }

    // MARK: slots

    private func states(of slots: [(index: Int, slot: ServiceSlot)]) -> [[ShardState]]? {
        var all: [[ShardState]] = []
        for (index, slot) in slots {
            var states: [ShardState] = []
            for shard in 0..<slot.shards {
                guard let state = reader.state(slot, at: index, shard: shard) else { return nil }
                states.append(state)
            }
            all.append(states)
        }
        return all
    }

    private func slots(
        _ slots: [(index: Int, slot: ServiceSlot)], _ states: [[ShardState]], _ runs: [[OutcomeRun]]
    ) -> [Checkpoint.Slot] {
        var number = 0
        return zip(slots, states).map { place, states in
            let shards = states.map { state in
                defer { number += 1 }
                return shard(state, runs[number])
            }
            var slot = Checkpoint.Slot(index: place.index, slot: place.slot, shards: shards)
            slot.isPaused = reader.control.isPaused(slot: place.index)
            return slot
        }
    }

    private func shard(_ state: ShardState, _ runs: [OutcomeRun]) -> Checkpoint.Shard {
        Checkpoint.Shard(
            state, runs: runs.map { Checkpoint.Run(from: $0.from, count: $0.count, code: $0.code) },
            offset: clockOffset)
    }
}
