// SPDX-License-Identifier: Apache-2.0
/// The committer's part, played for a bench: it freezes, keeps what is wanted on a shelf instead of in a segment, and says
/// that it is parked.
///
/// Invariant: a record lies on the shelf with the mask that the committer would store with it.

import LinuxIO

@testable import Delivery
@testable import Ring

final class Shelf: ParkedLog {
    private var records: [UInt64: (header: RecordHeader, payload: [UInt8])] = [:]
    /// Records of a slot's that can't be read any more.
    var damaged: Set<UInt64> = []
    /// Those of which nothing tells any more.
    var gone: Set<UInt64> = []
    var isBroken = false
    private(set) var hasFailed = false

    func put(_ header: RecordHeader, mask: UInt64, _ payload: Span<UInt8>) {
        let stored = RecordHeader(
            sequence: header.sequence, mask: mask, time: header.time, epoch: header.epoch,
            sourceHash: header.sourceHash, topicHash: header.topicHash, wireProtocol: header.wireProtocol,
            decodedKind: header.decodedKind, isReplayed: false,
            lengths: (header.topic.count, header.source.count, header.decoded.count, header.body.count))
        var bytes: [UInt8] = []
        for index in payload.indices { bytes.append(payload[index]) }
        records[header.sequence] = (stored, bytes)
    }

    func next(from: UInt64, to: UInt64, bit: UInt64) -> ParkedStep {
        hasFailed = isBroken
        guard !isBroken else { return .failed }
        let wanted = records.values.map(\.header).filter {
            $0.sequence >= from && $0.sequence < to && $0.mask & bit != 0 && !gone.contains($0.sequence)
        }
        guard let header = wanted.min(by: { $0.sequence < $1.sequence }) else { return .end }
        return damaged.contains(header.sequence)
            ? .damaged(count: 1, next: header.sequence + 1) : .record(header)
    }

    func withRecord<R>(_ sequence: UInt64, _ body: (RecordHeader, Span<UInt8>) -> R) -> R? {
        hasFailed = isBroken
        guard !isBroken, !damaged.contains(sequence), let record = records[sequence] else { return nil }
        let payload = record.payload
        return body(record.header, payload.span)
    }

    func rest() {}
}

extension Bench {
    private func committer() throws -> CommitterPage {
        try CommitterPage(MemoryFile.map(committerFile.descriptor.raw, writable: true))
    }

    private func reader() throws -> RingReader {
        try RingReader(
            control: ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false)),
            log: MemoryFile.map(files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false), acceptorPage: acceptorPage())
    }

    /// Parks what is wanted below `target`, with the worker's help.
    /// - Parameter next: to be asked for before the worker's next round, which is the last one then.
    /// - Returns: whether the shards became ready.
    func park(_ worker: Worker, below target: UInt64, then next: UInt64? = nil) throws -> Bool {
        let committer = try committer()
        let reader = try reader()
        let from = committer.spilled
        committer.freeze(to: target)
        guard try run(worker, until: { reader.isReady(for: target) }) else { return false }
        let look = try SpillLook(reader)
        for sequence in max(from, 1)..<target {
            let residue = look.residue(of: sequence)
            guard !residue.isEmpty else { continue }
            _ = reader.withRecord(sequence) { header, payload in shelf.put(header, mask: residue.mask, payload) }
        }
        committer.spill(to: target)
        guard let next else { return try run(worker, until: { reader.tail() >= target }) }
        committer.freeze(to: next)
        _ = try worker.step(until: Clock.monotonic())
        return reader.isReady(for: next)
    }

    /// When the oldest record was received that a slot's service waits for.
    func oldest(_ slot: Int = 0) throws -> UInt64? {
        let ledger = try ledger()
        return try ledger.service(at: slot).flatMap { ledger.oldest(at: slot, of: $0, floor: $1.floor) }
    }
}
