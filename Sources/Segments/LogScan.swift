// SPDX-License-Identifier: Apache-2.0
/// What the heads of the log's files tell, before a single body is read: which batches there are, where something is
/// missing between them, and up to where all was on the disk.
///
/// Made by Recovery, which then goes through the pieces in their order.
/// Invariant: pieces do not overlap and rise; a batch counts only up to where the next file's range begins.

internal import LinuxIO

struct LogScan {
    enum Piece {
        /// It counts for this range, which may end before the batch does.
        case batch(BatchHead, Range<UInt64>, SegmentName)
        /// Nothing that can be read tells of these. What tells of what lies behind them stands in the named file.
        case gap(Range<UInt64>, SegmentName)
        /// All slots, as they are from here on.
        case slots(BatchHead, SegmentName)
    }

    private(set) var pieces: [Piece] = []
    /// All below it had been committed: what can't be read of that is damage, not a torn tail.
    private(set) var committed: UInt64
    /// Something begins behind the last piece that is no batch.
    private(set) var hasTail = false
    /// Up to where the pieces go.
    private var reached: UInt64

    /// - Parameters:
    ///   - start: the first record that is asked for.
    ///   - committed: what the checkpoint knows to be.
    init(_ folder: SegmentFolder, logID: UInt64, from start: UInt64, committed: UInt64) throws(SegmentFault) {
        self.committed = committed
        reached = start
        let files = try folder.files(.log)
        for (number, file) in files.enumerated() {
            let end = number + 1 < files.count ? files[number + 1].first : .max
            guard end > start else { continue }
            try scan(SegmentReader(file, in: folder, logID: logID), below: end)
        }
        // What was committed, and is not there at all.
        if reached < committed, let last = files.last { pieces.append(.gap(reached..<committed, last)) }
    }

    private mutating func scan(_ reader: SegmentReader, below end: UInt64) throws(SegmentFault) {
        var position = 0
        while true {
            switch try reader.look(at: position) {
            case .head(let head):
                add(head, below: end, reader.name)
                position = head.next
                continue
            case .blank: hasTail = false
            case .damaged: hasTail = true
            }
            guard let head = try reader.search(from: position + 1) else { return }
            hasTail = false
            add(head, below: end, reader.name)
            position = head.next
        }
    }

    private mutating func add(_ head: BatchHead, below end: UInt64, _ file: SegmentName) {
        let (first, last) = (head.range.lowerBound, min(head.range.upperBound, end))
        guard first < end else { return }
        committed = max(committed, min(head.committed, end))
        if head.kind == .slots { return pieces.append(.slots(head, file)) }
        guard last > reached else { return }
        if first > reached { pieces.append(.gap(reached..<first, file)) }
        pieces.append(.batch(head, max(first, reached)..<last, file))
        reached = last
    }
}
