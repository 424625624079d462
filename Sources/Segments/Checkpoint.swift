// SPDX-License-Identifier: Apache-2.0
/// Everything that the ring knows but the records: enough to go on from after all processes have died.
///
/// The committer takes it from the regions and writes it with CheckpointFiles; Recovery starts from the newest valid one.
/// Sets of facts belong together: how they must be read from the regions says docs/segments.md, "Taking a checkpoint".
/// Invariant: outcomes are counted only for records below `head`, so that nothing is resolved that was never matched.

package import Ring

package struct Checkpoint: Equatable, Sendable {
    package enum Mode: UInt8, Sendable { case memory = 0, disk = 1 }

    /// Grows with each one written; the higher of the two files counts.
    package var counter: UInt64 = 0
    /// When it was taken, ns since 1970.
    package var time: UInt64 = 0
    package var logID: UInt64
    package var epoch: UInt32
    package var mode: Mode
    /// A shutdown wrote it, as the last act: nothing was published or delivered behind it.
    package var isClean = false
    /// The next sequence; in disk mode nothing below it is uncommitted.
    package var head: UInt64
    /// All below it is in parked segments, durable, or resolved.
    package var spilled: UInt64
    /// From when on the ledger counts, ns since 1970.
    package var ledgerSince: UInt64
    package var kernelDropped: UInt64 = 0
    /// Of exactly `head`.
    package var intake = Intake()
    /// Those that have sent something.
    package var senders: [Sender] = []
    /// The slots that are not free.
    package var slots: [Slot] = []
    package var past: [PastAccount] = []
    /// The settings image in use, for the definitions of services that are gone at the next start. Opaque here.
    package var settings: [UInt8] = []

    package init(logID: UInt64, epoch: UInt32, mode: Mode, head: UInt64, spilled: UInt64, ledgerSince: UInt64) {
        self.logID = logID
        self.epoch = epoch
        self.mode = mode
        self.head = head
        self.spilled = spilled
        self.ledgerSince = ledgerSince
    }
}

extension Checkpoint {
    /// The intake side of the ledger.
    package struct Intake: Equatable, Sendable {
        package var published: UInt64 = 0
        package var duplicate: UInt64 = 0
        package var routed: UInt64 = 0
        package var unrouted: UInt64 = 0
        package var replayed: UInt64 = 0
        package var bytes: UInt64 = 0
        /// By reason, as many as the ring has (`IntakeTotals.reasons`).
        package var refused = [UInt64](repeating: 0, count: IntakeTotals.reasons)
        /// By slot.
        package var matched = [UInt64](repeating: 0, count: RingGeometry.slots)

        package init() {}
    }

    package struct Sender: Equatable, Sendable {
        package var id: SenderID
        /// The last number that was accepted.
        package var last: UInt64
        /// The sequence at which it was last used.
        package var used: UInt64

        package init(id: SenderID, last: UInt64, used: UInt64) {
            self.id = id
            self.last = last
            self.used = used
        }
    }

    package struct Slot: Equatable, Sendable {
        package var index: Int
        package var slot: ServiceSlot
        package var isPaused = false
        /// As many as `slot.shards`.
        package var shards: [Shard]

        package init(index: Int, slot: ServiceSlot, shards: [Shard]) {
            self.index = index
            self.slot = slot
            self.shards = shards
        }
    }

    package struct Shard: Equatable, Sendable {
        package var floor: UInt64
        /// By outcome code, of what lies below the floor.
        package var totals = [UInt64](repeating: 0, count: 16)
        /// The parked record that was counted last.
        package var lastSettled: UInt64 = 0
        package var parkedFrom: UInt64 = 0
        package var parkedTo: UInt64 = 0
        package var entries: [Entry] = []
        /// The outcomes of the shard's own records from its floor to the head.
        package var runs: [Run] = []

        package init(floor: UInt64) { self.floor = floor }
    }

    /// A delivery that has begun and not ended.
    package struct Entry: Equatable, Sendable {
        package var sequence: UInt64
        package var attempt: UInt32
        /// It backs off until then, ns since 1970; nil: it is in flight.
        package var notBefore: UInt64?

        package init(sequence: UInt64, attempt: UInt32, notBefore: UInt64? = nil) {
            self.sequence = sequence
            self.attempt = attempt
            self.notBefore = notBefore
        }
    }

    /// The shard's own records from `from` on, up to where the next run begins, all have this outcome. No run crosses
    /// `spilled`: without the records its count could not be parted.
    package struct Run: Equatable, Sendable {
        package var from: UInt64
        /// How many records of the shard's own.
        package var count: UInt64
        /// An outcome's, 0 for pending.
        package var code: UInt8

        package init(from: UInt64, count: UInt64, code: UInt8) {
            self.from = from
            self.count = count
            self.code = code
        }
    }

    /// What slots had counted that are free again.
    package struct PastAccount: Equatable, Sendable {
        package var name: String
        package var matched: UInt64 = 0
        /// By outcome code.
        package var outcomes = [UInt64](repeating: 0, count: 16)
        package var retried: UInt64 = 0
        package var launches: UInt64 = 0
        package var launchFailures: UInt64 = 0

        package init(name: String) { self.name = name }
    }
}
