// SPDX-License-Identifier: Apache-2.0
/// Reads one file: heads, and the batches behind them. Used by ParkedRecords and by Recovery.
///
/// It finds out what is whole; what it means that something isn't, is decided by those who know what should be there.
/// Invariant: nothing of a batch is given out before its sum, or that of the record in it, is right.

package import LinuxIO

package final class SegmentReader {
    package let name: SegmentName
    private let file: SegmentFile
    private let logID: UInt64
    private let heads = ByteBuffer(capacity: BatchHead.largest, limit: BatchHead.largest)

    package init(_ name: SegmentName, in folder: SegmentFolder, logID: UInt64) throws(SegmentFault) {
        self.name = name
        self.logID = logID
        file = try SegmentFile.open(name.description, in: folder.storage)
    }

    package var size: Int { file.size }

    package enum Place {
        case head(BatchHead)
        /// Nothing was ever written here, or this is behind the end.
        case blank
        /// Something, but no head of this file.
        case damaged
    }

    /// What stands at a place.
    package func look(at position: Int) throws(SegmentFault) -> Place {
        heads.consume(heads.count)
        do throws(SegmentFault) {
            try file.read(at: position, count: BatchHead.largest, into: heads)
        } catch {
            guard error.isUnreadable else { throw error }
            return .damaged
        }
        let reading = heads.withReadable { BatchHead.read($0, of: name, at: position, logID: logID) }
        switch reading {
        case .head(let head): return .head(head)
        case .newer(let version): throw SegmentFault(name.description, newer: version)
        case .none: return isBlank ? .blank : .damaged
        }
    }

    /// The log that the file is of, if it begins with a head of another one.
    func stranger() throws(SegmentFault) -> UInt64? {
        guard case .damaged = try look(at: 0) else { return nil }
        return heads.withReadable { BatchHead.log(of: $0) }.flatMap { $0 == logID ? nil : $0 }
    }

    private var isBlank: Bool {
        heads.withReadable { bytes in
            for index in bytes.indices where bytes[index] != 0 { return false }
            return true
        }
    }

    /// The first head at or behind a place where none is.
    package func search(from position: Int) throws(SegmentFault) -> BatchHead? {
        var place = BatchHead.aligned(position)
        let size = self.size
        // Most of a file's room was never written to: that need not be read.
        while place < size, let written = file.nextWritten(from: place) {
            place = max(place, written & ~(BatchHead.alignment - 1))
            if case .head(let head) = try look(at: place) { return head }
            place += BatchHead.alignment
        }
        return nil
    }

    /// Replaces what `body` holds by the batch's body.
    /// - Returns: whether it is whole. Else what could be read is there, to be salvaged.
    package func load(_ head: BatchHead, into body: ByteBuffer) throws(SegmentFault) -> Bool {
        body.consume(body.count)
        // A length beyond the file must not make us ask for so much memory.
        let start = Int(head.position) + head.headCount
        let count = min(Int(head.length), max(size - start, 0))
        do throws(SegmentFault) {
            try file.read(at: start, count: count, into: body)
        } catch {
            guard error.isUnreadable else { throw error }
        }
        return body.withReadable { $0.count == Int(head.length) && CRC32C.of($0) == head.bodySum }
    }
}
