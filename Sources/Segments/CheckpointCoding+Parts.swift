// SPDX-License-Identifier: Apache-2.0
// The parts of a checkpoint as bytes: intake, shards, past accounts.
// Used by CheckpointCoding alone.
// Invariant: each part is read field by field in the order in which it is written.

internal import LinuxIO
internal import Ring

extension CheckpointCoding {
    // MARK: intake

    static func append(_ intake: Checkpoint.Intake, to out: ByteBuffer) {
        for number in [
            intake.published, intake.duplicate, intake.routed, intake.unrouted, intake.replayed, intake.bytes,
        ] { out.append(littleEndian: number) }
        out.append(list: intake.refused) { $0.append(littleEndian: $1) }
        out.append(list: intake.matched) { $0.append(littleEndian: $1) }
    }

    static func intake(_ bytes: Span<UInt8>, _ fields: inout FieldReader) -> Checkpoint.Intake {
        var intake = Checkpoint.Intake()
        intake.published = fields.number(bytes)
        intake.duplicate = fields.number(bytes)
        intake.routed = fields.number(bytes)
        intake.unrouted = fields.number(bytes)
        intake.replayed = fields.number(bytes)
        intake.bytes = fields.number(bytes)
        intake.refused = fields.numbers(bytes, count: IntakeTotals.reasons)
        intake.matched = fields.numbers(bytes, count: RingGeometry.slots)
        return intake
    }

    // MARK: shards

    static func append(_ shard: Checkpoint.Shard, to out: ByteBuffer) {
        for number in [shard.floor, shard.lastSettled, shard.parkedFrom, shard.parkedTo] {
            out.append(littleEndian: number)
        }
        out.append(list: shard.totals) { $0.append(littleEndian: $1) }
        out.append(list: shard.entries) { out, entry in
            out.append(littleEndian: entry.sequence)
            out.append(littleEndian: entry.attempt)
            // All bits set for one that is in flight.
            out.append(littleEndian: entry.notBefore ?? .max)
        }
        out.append(list: shard.runs) { out, run in
            out.append(littleEndian: run.from)
            out.append(littleEndian: run.count)
            out.append(littleEndian: run.code)
        }
    }

    static func shard(_ bytes: Span<UInt8>, _ fields: inout FieldReader) -> Checkpoint.Shard {
        var shard = Checkpoint.Shard(floor: fields.number(bytes))
        shard.lastSettled = fields.number(bytes)
        shard.parkedFrom = fields.number(bytes)
        shard.parkedTo = fields.number(bytes)
        shard.totals = fields.numbers(bytes, count: shard.totals.count)
        shard.entries = fields.list(bytes, least: 20) { fields, bytes in
            var entry = Checkpoint.Entry(sequence: fields.number(bytes), attempt: fields.uint32(bytes))
            let notBefore = fields.uint64(bytes)
            if notBefore != .max { entry.notBefore = notBefore }
            return entry
        }
        shard.runs = fields.list(bytes, least: 17) { fields, bytes in
            let run = Checkpoint.Run(from: fields.number(bytes), count: fields.number(bytes), code: fields.uint8(bytes))
            if run.code >= 16 { fields.fail() }
            return run
        }
        return shard
    }

    // MARK: past accounts

    static func append(_ account: Checkpoint.PastAccount, to out: ByteBuffer) {
        out.append(text: account.name)
        for number in [account.matched, account.retried, account.launches, account.launchFailures] {
            out.append(littleEndian: number)
        }
        out.append(list: account.outcomes) { $0.append(littleEndian: $1) }
    }

    static func past(_ bytes: Span<UInt8>, _ fields: inout FieldReader) -> Checkpoint.PastAccount {
        var account = Checkpoint.PastAccount(name: fields.text(bytes))
        account.matched = fields.number(bytes)
        account.retried = fields.number(bytes)
        account.launches = fields.number(bytes)
        account.launchFailures = fields.number(bytes)
        account.outcomes = fields.numbers(bytes, count: account.outcomes.count)
        return account
    }
}
