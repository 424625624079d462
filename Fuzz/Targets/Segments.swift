// SPDX-License-Identifier: Apache-2.0
/// What a disk has made of a segments folder: the input is a list of bytes that are changed in the files of a broker that
/// ended in the middle, and whether their sums are mended. Then a start recovers from them, and a shard reads what is parked.
///
/// Invariant: nobody crashes, hangs or asks for memory beyond the files; what is damaged is an error, or a count; a second
/// start goes on where the first one did.

import LinuxIO
import Ring
import Segments

/// The first byte says which sums are mended, then four bytes a change: the file, where (two bytes), and the new byte.
func fuzzSegments(_ bytes: Span<UInt8>) {
    guard bytes.count > 0 else { return }
    let disk = SmallDisk(from: unsafe leftBehind)
    var start = 1
    while start + 4 <= bytes.count {
        disk.set(Int(bytes[start]), Int(bytes[start + 1]) | Int(bytes[start + 2]) << 8, bytes[start + 3])
        start += 4
    }
    if bytes[0] & 1 != 0 { disk.mendCheckpoints() }
    if bytes[0] & 2 != 0 { disk.mendBatches() }
    let mode: Checkpoint.Mode = bytes[0] & 4 == 0 ? .disk : .memory
    guard let found = try? Recovery.run(SegmentFolder(disk), mode: mode, now: 9, newLog: 8) else { return }
    readParked(found, disk)
    let again = try? Recovery.run(SegmentFolder(disk), mode: mode, now: 10, newLog: 8)
    require(again?.next == found.next, "a second start begins elsewhere: \(found) \(String(describing: again))")
}

/// As the holders of its shards do.
private func readParked(_ found: RecoveredLog, _ disk: SmallDisk) {
    let parked = ParkedRecords(SegmentFolder(disk), logID: found.checkpoint.logID)
    for slot in found.checkpoint.slots {
        for shard in slot.shards {
            var (from, steps) = (shard.parkedFrom, 0)
            walk: while from < shard.parkedTo {
                steps += 1
                require(steps < 1_000, "more steps than there are records")
                switch try? parked.next(from: from, to: shard.parkedTo, bit: 1 << UInt64(slot.index & 63)) {
                case .record(let header):
                    require(header.sequence >= from && header.sequence < shard.parkedTo, "a record of another range")
                    let count = parked.withPayload { $0.count } ?? 0
                    require(count >= header.body.upperBound, "a body outside of its record")
                    from = header.sequence + 1
                case .damaged(_, let next):
                    require(next > from, "damage that is told again")
                    from = next
                case .end, nil: break walk
                }
            }
            for entry in shard.entries { _ = try? parked.record(at: entry.sequence) }
        }
    }
}

/// Of a broker that wrote nine records, parked the first two, and knew of five as it took its checkpoint.
nonisolated(unsafe) private let leftBehind: SmallDisk = {
    let disk = SmallDisk()
    do { try leave(on: disk) } catch { fatalError("no folder to damage: \(error)") }
    return disk
}()

private func leave(on disk: SmallDisk) throws {
    let folder = SegmentFolder(disk)
    var checkpoint = Checkpoint(logID: 7, epoch: 3, mode: .disk, head: 6, spilled: 3, ledgerSince: 5)
    var first = Checkpoint.Shard(floor: 3)
    (first.parkedFrom, first.parkedTo) = (1, 3)
    first.runs = [.init(from: 3, count: 1, code: 1), .init(from: 4, count: 2, code: 0)]
    first.entries = [.init(sequence: 4, attempt: 2, notBefore: 77)]
    let slots = (0..<2).map { index in
        ServiceSlot(
            name: "service-\(index)", order: index == 0 ? .none : .source, incarnation: 1, since: 1, shards: index + 1,
            tableStart: index * 8, tableCapacity: 4)
    }
    checkpoint.slots = [
        .init(index: 0, slot: slots[0], shards: [first]),
        .init(index: 1, slot: slots[1], shards: [.init(floor: 3), .init(floor: 6)]),
    ]
    checkpoint.intake.published = 5
    checkpoint.intake.routed = 5
    checkpoint.intake.matched[0] = 5
    checkpoint.senders = [.init(id: SenderID(high: 1, low: 2), last: 5, used: 5)]
    checkpoint.past = [.init(name: "gone")]
    for (stream, sequences) in [(SegmentStream.parked, 1...2), (.log, 3...9)] as [(SegmentStream, ClosedRange<UInt64>)]
    {
        var writer = try SegmentWriter(stream, in: folder, logID: 7, end: sequences.lowerBound)
        writer.slots = checkpoint.slots
        for sequence in sequences {
            try writer.write(batch(stream, sequence))
            try writer.commit()
        }
    }
    try CheckpointFiles(folder).write(checkpoint)
}

private func batch(_ stream: SegmentStream, _ sequence: UInt64) -> SegmentBatch {
    let header = RecordHeader(
        sequence: sequence, mask: 1, time: sequence, epoch: 3, sourceHash: 4, topicHash: 5, wireProtocol: 6,
        decodedKind: 0, isReplayed: false, lengths: (3, 1, 0, 4))
    var batch = SegmentBatch(stream)
    batch.begin(at: sequence)
    let sender = StoredRecord.Sender(id: SenderID(high: 1, low: 2), number: sequence)
    _ = batch.append(header, mask: 1, sender: sender, payload: Array("rawsbody".utf8).span)
    return batch
}
