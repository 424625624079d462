// SPDX-License-Identifier: Apache-2.0
/// Writes one stream's batches into its files, one behind the other.
///
/// The committer has one for the log and one for what it parks. After an error the file is given up: what was written
/// since the last `commit` must be written again, and begins a new file, whose name takes it away from the old one.
/// Invariant: a file that failed is never written to or synced again; what `commit` returned for is on the disk.

internal import LinuxIO

package struct SegmentWriter: ~Copyable {
    /// A file's size, unless a single batch is larger.
    package static let usualFile = 64 << 20

    package let stream: SegmentStream
    package let logID: UInt64
    /// All slots as they are now: told before the first batch of each file, and again when they change.
    package var slots: [Checkpoint.Slot] = [] { didSet { slotsAreTold = false } }
    /// Whether a file may begin without room for all of it: where the disk has not so much, and nothing is gained by waiting.
    package var settlesForLess = false
    private let folder: SegmentFolder
    private let fileSize: Int
    private var files: StreamFiles
    /// Where the range of the last file ends, as far as it is known.
    private var end: UInt64
    /// All below it is on the disk.
    private var committed: UInt64
    private var file: SegmentFile?
    /// Where in it the next batch goes.
    private var position = 0
    private var endIsMarked = false
    private var slotsAreTold = false
    private var namesAreSynced = true
    private let head = ByteBuffer(capacity: BatchHead.largest, limit: BatchHead.largest)
    private let blank: ByteBuffer
    private var slotBatch: SegmentBatch

    /// - Parameters:
    ///   - end: where the range of the files that are there already ends: what is to come begins there or later.
    ///   - keepsRoom: whether the room of files that nobody needs any more serves the next ones.
    package init(
        _ stream: SegmentStream, in folder: SegmentFolder, logID: UInt64, end: UInt64, fileSize: Int = usualFile,
        keepsRoom: Bool = false
    ) throws(SegmentFault) {
        self.stream = stream
        self.logID = logID
        self.folder = folder
        self.fileSize = fileSize
        self.end = end
        committed = end
        files = try StreamFiles(stream, in: folder, keepsRoom: keepsRoom)
        blank = ByteBuffer(capacity: BatchHead.alignment, limit: BatchHead.alignment)
        _ = blank.append([UInt8](repeating: 0, count: BatchHead.alignment))
        slotBatch = SegmentBatch(stream)
    }

    package var hasFiles: Bool { !files.isEmpty }

    // MARK: writing

    /// Sees to it that there is a file, with room: so that a full disk is noticed before anything depends on it.
    /// - Parameter first: where its range would begin.
    package mutating func prepare(at first: UInt64) throws(SegmentFault) {
        guard file == nil else { return }
        do throws(SegmentFault) {
            try begin(at: first, for: 0)
        } catch {
            giveUp()
            throw error
        }
    }

    /// Hands a batch to the kernel; it is on the disk behind `commit`.
    package mutating func write(_ batch: borrowing SegmentBatch) throws(SegmentFault) {
        do throws(SegmentFault) {
            let first = batch.range.lowerBound
            if !fits(batch.body.count) { try begin(at: first, for: batch.body.count) }
            if !slotsAreTold {
                slotBatch.tell(slots, at: first)
                try put(head(of: slotBatch), slotBatch.body)
                slotsAreTold = true
            }
            try put(head(of: batch), batch.body)
            end = max(end, batch.range.upperBound)
        } catch {
            giveUp()
            throw error
        }
    }

    /// Everything written so far is on the disk when this returns.
    package mutating func commit() throws(SegmentFault) {
        do throws(SegmentFault) {
            try markEnd()
            try file?.sync()
            if !namesAreSynced { try folder.sync() }
            namesAreSynced = true
            committed = end
        } catch {
            giveUp()
            throw error
        }
    }

    /// Commits, and closes the file: the next batch begins a new one.
    package mutating func finish() throws(SegmentFault) {
        try commit()
        // What is left of the room is given back; if that fails, it is only room.
        try? file?.truncate(to: position)
        giveUp()
    }

    /// What was written since the last `commit` is not wanted: the next batch begins a new file, which takes it away.
    package mutating func abandon() { giveUp() }

    // MARK: deleting

    /// Whether `removeFiles` would find any.
    package func hasFiles(below sequence: UInt64, keepingLast: Bool = false) -> Bool {
        files.hasAny(below: sequence, end: keepingLast ? nil : end)
    }

    /// Deletes the files whose range ends at or below `sequence`, or keeps their room for the next ones.
    /// - Parameter keepingLast: the file that is being written to stays, whatever it holds: a new one costs more.
    package mutating func removeFiles(below sequence: UInt64, keepingLast: Bool = false) throws(SegmentFault) {
        defer { if files.isEmpty { giveUp() } }
        try files.remove(below: sequence, end: keepingLast ? nil : end)
    }

    /// Gives the room back that is kept for the next files.
    package mutating func giveBackRoom() throws(SegmentFault) { try files.removeSpares() }

    // MARK: one file

    private func fits(_ body: Int) -> Bool {
        // Slots, if they have to be told, are a few kilobytes: a file may be so much longer.
        file != nil && position + BatchHead.largest + body <= fileSize
    }

    private mutating func begin(at first: UInt64, for body: Int) throws(SegmentFault) {
        if files.keepsRoom, file != nil {
            try commit()
            files.closedLast()
        } else if file != nil {
            try finish()
        }
        namesAreSynced = false
        let room = max(fileSize, BatchHead.aligned(BatchHead.largest + body))
        file = try files.make(at: first, room: room, settlesForLess: settlesForLess)
        position = 0
        slotsAreTold = false
    }

    /// Behind the last batch a page reads as never written, also where the file was in use before.
    private mutating func markEnd() throws(SegmentFault) {
        guard position > 0, position < files.used, !endIsMarked else { return }
        try blank.withReadable { blank throws(SegmentFault) in try file?.write(at: position, blank, Span()) }
        endIsMarked = true
    }

    private func head(of batch: borrowing SegmentBatch) -> BatchHead {
        batch.head(logID: logID, file: files.last?.first ?? 0, position: position, committed: committed)
    }

    private mutating func put(_ description: BatchHead, _ body: ByteBuffer) throws(SegmentFault) {
        description.write(to: head)
        guard let file = file.take() else { return }
        try head.withReadable { head throws(SegmentFault) in
            try body.withReadable { body throws(SegmentFault) in
                try file.write(at: position, head, body)
            }
        }
        self.file = consume file
        position = description.next
        endIsMarked = false
    }

    /// Lets go of the file without another word to it.
    private mutating func giveUp() {
        file = nil
        position = 0
        end = committed
    }
}
