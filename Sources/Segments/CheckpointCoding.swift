// SPDX-License-Identifier: Apache-2.0
/// A checkpoint as bytes. docs/segments.md has the layout. Pure.
///
/// Used by CheckpointFiles. The head holds magic, version, length and the sum of all behind it.
/// Invariant: what is read back equals what was written, or is broken; a new field goes behind all others and raises the
/// version.

internal import LinuxIO
internal import Ring

enum CheckpointCoding {
    enum Reading: Equatable {
        case checkpoint(Checkpoint)
        case newer(version: Int)
        case broken
    }

    static let magic: UInt64 = 0x5043_5952_464C_4542  // "BELFRYCP"
    static let version: UInt32 = 1
    /// Magic, version, sum, length.
    private static let headCount = 24

    /// Replaces what the buffer holds.
    static func write(_ checkpoint: Checkpoint, to out: ByteBuffer) {
        let body = ByteBuffer(capacity: 65_536, limit: .max)
        append(checkpoint, to: body)
        out.consume(out.count)
        out.append(littleEndian: magic)
        out.append(littleEndian: version)
        out.append(littleEndian: body.withReadable { CRC32C.of($0) })
        out.append(littleEndian: UInt64(body.count))
        body.withReadable { _ = out.append($0) }
    }

    static func read(_ bytes: Span<UInt8>) -> Reading {
        guard bytes.count >= headCount, bytes.uint64(at: 0) == magic else { return .broken }
        guard bytes.uint32(at: 8) <= version else { return .newer(version: Int(bytes.uint32(at: 8))) }
        guard bytes.uint32(at: 8) > 0, bytes.uint64(at: 16) == UInt64(bytes.count - headCount) else { return .broken }
        let body = bytes.extracting(headCount..<bytes.count)
        guard CRC32C.of(body) == bytes.uint32(at: 12) else { return .broken }
        var fields = FieldReader()
        let checkpoint = checkpoint(body, &fields)
        return fields.isBroken || fields.at != body.count ? .broken : .checkpoint(checkpoint)
    }

    // MARK: the whole

    private static func append(_ checkpoint: Checkpoint, to out: ByteBuffer) {
        for number in [
            checkpoint.logID, checkpoint.head, checkpoint.spilled, checkpoint.ledgerSince, checkpoint.counter,
            checkpoint.time, checkpoint.kernelDropped,
        ] { out.append(littleEndian: number) }
        out.append(littleEndian: checkpoint.epoch)
        out.append(littleEndian: checkpoint.mode.rawValue)
        out.append(littleEndian: UInt8(checkpoint.isClean ? 1 : 0))
        append(checkpoint.intake, to: out)
        out.append(list: checkpoint.senders) { out, sender in
            for number in [sender.id.high, sender.id.low, sender.last, sender.used] { out.append(littleEndian: number) }
        }
        out.append(list: checkpoint.slots) { out, slot in
            SlotCoding.append(slot.slot, at: slot.index, isPaused: slot.isPaused, to: out)
            out.append(list: slot.shards) { append($1, to: $0) }
        }
        out.append(list: checkpoint.past) { append($1, to: $0) }
        out.append(littleEndian: UInt32(checkpoint.settings.count))
        out.append(checkpoint.settings)
    }

    private static func checkpoint(_ bytes: Span<UInt8>, _ fields: inout FieldReader) -> Checkpoint {
        let logID = fields.uint64(bytes)
        let (head, spilled) = (fields.number(bytes), fields.number(bytes))
        let (ledgerSince, counter) = (fields.uint64(bytes), fields.number(bytes))
        let (time, kernelDropped) = (fields.uint64(bytes), fields.number(bytes))
        let epoch = fields.uint32(bytes)
        let mode = Checkpoint.Mode(rawValue: fields.uint8(bytes))
        if mode == nil { fields.fail() }
        var checkpoint = Checkpoint(
            logID: logID, epoch: epoch, mode: mode ?? .memory, head: head, spilled: spilled, ledgerSince: ledgerSince)
        (checkpoint.counter, checkpoint.time, checkpoint.kernelDropped) = (counter, time, kernelDropped)
        checkpoint.isClean = fields.flag(bytes)
        checkpoint.intake = intake(bytes, &fields)
        checkpoint.senders = fields.list(bytes, least: 32) { fields, bytes in
            let id = SenderID(high: fields.uint64(bytes), low: fields.uint64(bytes))
            return Checkpoint.Sender(id: id, last: fields.uint64(bytes), used: fields.number(bytes))
        }
        checkpoint.slots = fields.list(bytes, least: SlotCoding.least) { fields, bytes in
            var slot = SlotCoding.read(bytes, &fields)
            slot.shards = fields.list(bytes, least: 32) { shard($1, &$0) }
            if slot.shards.count != slot.slot.shards { fields.fail() }
            return slot
        }
        checkpoint.past = fields.list(bytes, least: 40) { past($1, &$0) }
        checkpoint.settings = fields.bytes(bytes)
        return checkpoint
    }
}
