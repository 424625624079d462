// SPDX-License-Identifier: Apache-2.0
/// Which batch of the parked segments holds a sequence, learned from the heads alone. Used by ParkedRecords.
///
/// It keeps the heads of one file at a time, and looks anew what files there are when it is asked beyond what it knows.
/// Invariant: a batch counts only up to where the next file's range begins; what lies behind that was written again.

internal import LinuxIO

final class ParkedIndex {
    struct Place {
        let head: BatchHead
        /// Up to where it counts.
        let end: UInt64
        fileprivate let file: SegmentName
    }

    private let folder: SegmentFolder
    private let logID: UInt64
    private var files: [SegmentName] = []
    /// Up to which sequence the list of files is known to be complete.
    private var listedTo: UInt64 = 0
    private var reader: SegmentReader?
    /// Of the reader's file, as far as it was looked at, and where its next head will be.
    private var heads: [BatchHead] = []
    private var position = 0

    init(_ folder: SegmentFolder, logID: UInt64) {
        self.folder = folder
        self.logID = logID
    }

    func rest() { (reader, heads, position, listedTo) = (nil, [], 0, 0) }

    func reader(of place: Place) throws(SegmentFault) -> SegmentReader { try open(place.file) }

    /// The first batch whose range ends behind `sequence` and begins below `limit`, and that has something for the bit.
    func batch(endingBehind sequence: UInt64, below limit: UInt64, bit: UInt64?) throws(SegmentFault) -> Place? {
        if limit > listedTo {
            files = try folder.files(.parked)
            listedTo = limit
        }
        // The last file that begins at or before it; older ones end before.
        var number = max((files.firstIndex { $0.first > sequence } ?? files.count) - 1, 0)
        while number < files.count, files[number].first < limit {
            let end = number + 1 < files.count ? files[number + 1].first : .max
            if let head = try head(in: files[number], endingBehind: sequence, below: min(limit, end), bit: bit) {
                return Place(head: head, end: min(head.range.upperBound, end), file: files[number])
            }
            number += 1
        }
        return nil
    }

    private func head(
        in file: SegmentName, endingBehind sequence: UInt64, below limit: UInt64, bit: UInt64?
    ) throws(SegmentFault) -> BatchHead? {
        let reader = try open(file)
        func fits(_ head: BatchHead) -> Bool {
            head.kind == .records && head.range.upperBound > sequence && (bit.map { head.mask & $0 != 0 } ?? true)
        }
        var number = heads.firstIndex(where: fits) ?? heads.count
        while true {
            while number < heads.count {
                if heads[number].range.lowerBound >= limit { return nil }
                if fits(heads[number]) { return heads[number] }
                number += 1
            }
            guard try lookOn(reader) else { return nil }
        }
    }

    /// Looks at one head more; false at the end of what has been written.
    private func lookOn(_ reader: SegmentReader) throws(SegmentFault) -> Bool {
        let head: BatchHead
        switch try reader.look(at: position) {
        case .head(let found): head = found
        case .blank where position >= reader.size || reader.name == files.last: return false
        // Something was here, and the rest of the file may still be good.
        case .blank, .damaged:
            guard let found = try reader.search(from: position + 1) else { return false }
            head = found
        }
        heads.append(head)
        position = head.next
        return true
    }

    private func open(_ file: SegmentName) throws(SegmentFault) -> SegmentReader {
        if let reader, reader.name == file { return reader }
        let new = try SegmentReader(file, in: folder, logID: logID)
        (reader, heads, position) = (new, [], 0)
        return new
    }
}
