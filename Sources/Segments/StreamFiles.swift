// SPDX-License-Identifier: Apache-2.0
/// The files of one stream: makes the next one, deletes those that nobody needs any more, and keeps the room of a few of
/// them for what is to come.
///
/// Kept by SegmentWriter. What lies in room that was written before needs no fresh page, and its sync nothing of the file
/// system's journal: `docs/benchmarks/notes.md` has the figures. (PostgreSQL's WAL does the same with its segments.)
/// Invariant: room is used again only if its file was synced without an error, under a higher name than it had before.

struct StreamFiles {
    private struct File {
        let name: SegmentName
        /// It was written to and closed by us without an error.
        var isSound = false
    }

    /// So many are kept at most; one always, so that a full disk does not stop the log.
    private static let mostSpares = 16

    private let stream: SegmentStream
    private let folder: SegmentFolder
    let keepsRoom: Bool
    private var files: [File]
    /// Under the names that they had; the last one is the next to be used.
    private var spares: [SegmentName] = []
    /// Files made since some were deleted.
    private var made = 0
    /// Up to where the last one that was made holds what it held under an earlier name.
    private(set) var used = 0

    /// - Parameter keepsRoom: whether the room of files that nobody needs serves the next ones.
    init(_ stream: SegmentStream, in folder: SegmentFolder, keepsRoom: Bool) throws(SegmentFault) {
        self.stream = stream
        self.folder = folder
        self.keepsRoom = keepsRoom
        files = try folder.files(stream).map { File(name: $0) }
    }

    var isEmpty: Bool { files.isEmpty }
    var last: SegmentName? { files.last?.name }

    /// The last one was closed, and all of it is on the disk.
    mutating func closedLast() { files[files.count - 1].isSound = true }

    /// - Parameters:
    ///   - first: where its range begins.
    ///   - room: bytes of it that are there when this returns.
    ///   - settlesForLess: whether it may begin without them, where the disk has not so much.
    mutating func make(
        at first: UInt64, room: Int, settlesForLess: Bool = false
    ) throws(SegmentFault) -> SegmentFile {
        // What such a file holds was never committed, or it would not be written again.
        while let last, last.first >= first {
            try folder.remove(last.description)
            files.removeLast()
        }
        let name = SegmentName(stream, first: first)
        // Told of before it is there: what fails half-way is removed when it is tried again.
        files.append(File(name: name))
        made += 1
        let file = try open(name)
        used = file.size
        guard used < room else { return file }
        do throws(SegmentFault) {
            try file.preallocate(room)
        } catch {
            guard settlesForLess, error.isFull else { throw error }
            // What the kernel has given of it already is for the checkpoint, too.
            try file.truncate(to: used)
        }
        return file
    }

    private mutating func open(_ name: SegmentName) throws(SegmentFault) -> SegmentFile {
        guard let spare = spares.popLast() else { return try SegmentFile.create(name.description, in: folder.storage) }
        try folder.rename(spare.description, to: name.description)
        return try SegmentFile.open(name.description, writable: true, in: folder.storage)
    }

    // MARK: deleting

    /// Whether `remove` would find any.
    /// - Parameter end: where the range of the last file ends; nil if that one stays, whatever it holds.
    func hasAny(below sequence: UInt64, end: UInt64?) -> Bool {
        spares.count > 1 || hasUnneeded(below: sequence, end: end)
    }

    private func hasUnneeded(below sequence: UInt64, end: UInt64?) -> Bool {
        guard files.count > 1 else { return end.map { !files.isEmpty && $0 <= sequence } ?? false }
        return files[1].name.first <= sequence
    }

    /// Deletes the files whose range ends at or below `sequence`, but for the room that the next ones are likely to take:
    /// as many as were made since the last time.
    mutating func remove(below sequence: UInt64, end: UInt64?) throws(SegmentFault) {
        while let first = files.first, hasUnneeded(below: sequence, end: end) {
            if keepsRoom, first.isSound {
                spares.append(first.name)
            } else {
                try folder.remove(first.name.description)
            }
            files.removeFirst()
        }
        try removeSpares(keeping: min(max(made, 1), Self.mostSpares))
        made = 0
    }

    /// Room is wanted for something else.
    mutating func removeSpares(keeping most: Int = 0) throws(SegmentFault) {
        while spares.count > most {
            try folder.remove(spares[0].description)
            spares.removeFirst()
        }
    }
}
