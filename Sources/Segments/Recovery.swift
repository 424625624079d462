// SPDX-License-Identifier: Apache-2.0
/// Takes up what the folder holds after every process of an earlier Belfry has died, however it did.
///
/// The supervisor runs it before it makes a ring. It starts from the newest valid checkpoint, counts the commit log onto
/// it, parks what is undelivered there, and writes a new checkpoint; only behind that are old files deleted.
/// Invariant: cut off at any point and run again it finds the same; what was committed is pending, counted or set aside.

internal import Ring

package struct Recovery {
    private let folder: SegmentFolder
    private let checkpoints: CheckpointFiles
    private var incidents: [SegmentIncident] = []
    /// Files with something in them that can't be read.
    private var damaged: [SegmentName] = []

    private init(_ folder: SegmentFolder) {
        self.folder = folder
        checkpoints = CheckpointFiles(folder)
    }

    /// - Parameters:
    ///   - mode: of the ring that is to be.
    ///   - now: ns since 1970.
    ///   - newLog: the id of a log that begins now, if there is none; random, not 0.
    package static func run(
        _ folder: SegmentFolder, mode: Checkpoint.Mode, now: UInt64, newLog: UInt64
    ) throws(SegmentFault) -> RecoveredLog {
        var recovery = Recovery(folder)
        guard let found = try recovery.checkpoints.newest() else {
            return try recovery.begin(newLog, mode: mode, now: now)
        }
        return try recovery.goOn(from: found, mode: mode, now: now)
    }

    // MARK: a new log

    private mutating func begin(
        _ logID: UInt64, mode: Checkpoint.Mode, now: UInt64
    ) throws(SegmentFault) -> RecoveredLog {
        for stream in [SegmentStream.log, .parked] {
            for file in try folder.files(stream) {
                try setAside(file)
                incidents.append(.init(.foreign, "\(file): there is no checkpoint that tells what it belongs to"))
            }
        }
        try folder.sync()
        var checkpoint = Checkpoint(logID: logID, epoch: 0, mode: mode, head: 1, spilled: 1, ledgerSince: now)
        checkpoint.time = now
        try checkpoints.write(checkpoint)
        return RecoveredLog(checkpoint: checkpoint, incidents: incidents, isNew: true, formerMode: mode, asOf: now)
    }

    // MARK: an old one

    private mutating func goOn(
        from found: Checkpoint, mode: Checkpoint.Mode, now: UInt64
    ) throws(SegmentFault) -> RecoveredLog {
        try setStrangersAside(found.logID)
        var tally = RecoveryTally(found)
        var writer = try SegmentWriter(
            .parked, in: folder, logID: found.logID, end: found.spilled, fileSize: Self.fileSize)
        writer.slots = found.slots
        var store = ResidueStore(from: found.spilled)
        if found.mode == .disk { try replay(found, &tally, &store, &writer) }
        try store.finish(at: tally.next, &writer)
        let (checkpoint, missing) = tally.finish(mode: mode, now: now)
        // In disk mode what is damaged has been told of already.
        if found.mode == .memory || !incidents.contains(where: { $0.kind == .corruption }) {
            let kind = found.mode == .memory ? SegmentIncident.Kind.lost : .gone
            for service in missing { incidents.append(.init(kind, service.name, count: service.count)) }
        }
        try checkpoints.write(checkpoint)
        try removeOld(&writer, checkpoint)
        return RecoveredLog(
            checkpoint: checkpoint, incidents: incidents, wasClean: found.isClean, formerMode: found.mode,
            asOf: found.time)
    }

    /// There may be little room: what is written here is at least what the files need.
    private static let fileSize = 4 << 20

    /// Goes through the commit log from the first record that somebody may still want.
    private mutating func replay(
        _ found: Checkpoint, _ tally: inout RecoveryTally, _ store: inout ResidueStore, _ writer: inout SegmentWriter
    ) throws(SegmentFault) {
        let scan = try LogScan(folder, logID: found.logID, from: tally.start, committed: found.head)
        var reader: SegmentReader?
        func load(_ head: BatchHead, _ file: SegmentName) throws(SegmentFault) -> LoadedBatch {
            if reader?.name != file { reader = try SegmentReader(file, in: folder, logID: found.logID) }
            guard let reader else { preconditionFailure("no reader") }
            return try LoadedBatch(head, from: reader)
        }
        for piece in scan.pieces {
            switch piece {
            case .slots(let head, let file):
                if let slots = try load(head, file).slots { tally.adopt(slots) }
            case .gap(let range, let file):
                guard range.lowerBound < scan.committed else { return cut(file, at: range.lowerBound) }
                tally.skip(range)
                damage(file, range, count: UInt64(range.count))
            case .batch(let head, let range, let file):
                let batch = try load(head, file)
                guard batch.isWhole || range.lowerBound < scan.committed else {
                    return cut(file, at: range.lowerBound)
                }
                try take(batch, range, &tally, &store, &writer, file)
            }
        }
        if scan.hasTail, let last = try folder.files(.log).last { cut(last, at: tally.next) }
    }

    private mutating func take(
        _ batch: LoadedBatch, _ range: Range<UInt64>, _ tally: inout RecoveryTally, _ store: inout ResidueStore,
        _ writer: inout SegmentWriter, _ file: SegmentName
    ) throws(SegmentFault) {
        var read: [RecordHeader] = []
        var sequence = range.lowerBound
        while let record = batch.next(from: sequence, bits: nil), record.header.sequence < range.upperBound {
            sequence = record.header.sequence + 1
            let residue = tally.take(record)
            if !residue.isEmpty { try store.add(record, of: batch, residue, &writer) }
            if !batch.isWhole { read.append(record.header) }
        }
        guard !batch.isWhole else { return }
        tally.skip(batch, range, read: read)
        damage(file, range, count: UInt64(range.count - min(read.count, range.count)))
    }

    // MARK: what is wrong

    private mutating func cut(_ file: SegmentName, at sequence: UInt64) {
        incidents.append(.init(.tornTail, "\(file): ends in the middle of message \(sequence)"))
    }

    private mutating func damage(_ file: SegmentName, _ range: Range<UInt64>, count: UInt64) {
        if !damaged.contains(file) { damaged.append(file) }
        incidents.append(
            .init(.corruption, "\(file): of messages \(range.lowerBound) to \(range.upperBound - 1)", count: count))
    }

    private mutating func setStrangersAside(_ logID: UInt64) throws(SegmentFault) {
        for stream in [SegmentStream.log, .parked] {
            for file in try folder.files(stream) {
                guard try SegmentReader(file, in: folder, logID: logID).stranger() != nil else { continue }
                try setAside(file)
                incidents.append(.init(.foreign, "\(file): belongs to another log"))
            }
        }
    }

    private func setAside(_ file: SegmentName) throws(SegmentFault) {
        try folder.rename(file.description, to: "\(file).corrupt")
    }

    // MARK: what is not needed any more

    private func removeOld(_ writer: inout SegmentWriter, _ checkpoint: Checkpoint) throws(SegmentFault) {
        for file in try folder.files(.log) {
            if damaged.contains(file) { try setAside(file) } else { try folder.remove(file.description) }
        }
        let wanted = checkpoint.slots.flatMap(\.shards).flatMap { shard in
            shard.entries.map(\.sequence) + (shard.parkedFrom < shard.parkedTo ? [shard.parkedFrom] : [])
        }
        try writer.removeFiles(below: wanted.min() ?? checkpoint.head)
        try folder.sync()
    }
}

/// Gathers what is still wanted, and parks it.
private struct ResidueStore: ~Copyable {
    private var batch = SegmentBatch(.parked)
    private let first: UInt64

    /// - Parameter first: all below it is parked already.
    init(from first: UInt64) {
        self.first = first
        batch.begin(at: first)
    }

    mutating func add(
        _ record: StoredRecord, of loaded: LoadedBatch, _ residue: RecoveryTally.Residue, _ writer: inout SegmentWriter
    ) throws(SegmentFault) {
        // What lies below is parked already: only a log that is damaged tells of it again.
        guard record.header.sequence >= batch.range.upperBound else { return }
        guard !append(record, of: loaded, residue) else { return }
        try writer.write(batch)
        batch.begin(at: batch.range.upperBound)
        _ = append(record, of: loaded, residue)
    }

    private mutating func append(
        _ record: StoredRecord, of loaded: LoadedBatch, _ residue: RecoveryTally.Residue
    ) -> Bool {
        loaded.withPayload(of: record) { batch.append(record.header, mask: residue.mask, sender: nil, payload: $0) }
    }

    /// Durable behind this. Without a record it only says that what other files tell of here does not count: it was
    /// spilled when no checkpoint knew of it yet.
    mutating func finish(at end: UInt64, _ writer: inout SegmentWriter) throws(SegmentFault) {
        guard end > first, !batch.isEmpty || writer.hasFiles else { return }
        batch.extend(to: end)
        try writer.write(batch)
        try writer.finish()
    }
}
