// SPDX-License-Identifier: Apache-2.0
/// The two files that checkpoints are written to in turn: `checkpoint-0` and `checkpoint-1`.
///
/// Written by the committer, and at a start before there is one. While one is being written the other one holds.
/// Invariant: the newest checkpoint that is durable is never the one that is overwritten.

internal import LinuxIO

package final class CheckpointFiles {
    private let folder: SegmentFolder
    /// Of the last one that was written or found.
    private var counter: UInt64?
    private let buffer = ByteBuffer(capacity: 65_536, limit: .max)

    package init(_ folder: SegmentFolder) { self.folder = folder }

    /// The newest valid one; broken ones are passed over, as one that was being written when the power went is.
    package func newest() throws(SegmentFault) -> Checkpoint? {
        var newest: Checkpoint?
        for place in 0...1 {
            guard let found = try read(Self.name(place)), found.counter >= newest?.counter ?? 0 else { continue }
            newest = found
        }
        counter = newest?.counter
        return newest
    }

    /// Writes it, with the next counter; it is durable when this returns.
    package func write(_ checkpoint: Checkpoint) throws(SegmentFault) {
        if counter == nil { _ = try newest() }
        let next = (counter ?? 0) + 1
        var numbered = checkpoint
        numbered.counter = next
        buffer.consume(buffer.count)
        CheckpointCoding.write(numbered, to: buffer)
        try replace(Self.name(Int(next & 1)))
        counter = next
    }

    /// Always a new file: one that failed once is never trusted again, and the name turns only when all is in it.
    private func replace(_ name: String) throws(SegmentFault) {
        let new = name + ".new"
        try folder.remove(new)
        let file = try SegmentFile.create(new, in: folder.storage)
        try buffer.withReadable { bytes throws(SegmentFault) in try file.write(at: 0, bytes, Span()) }
        try file.sync()
        try folder.rename(new, to: name)
        try folder.sync()
    }

    private func read(_ name: String) throws(SegmentFault) -> Checkpoint? {
        guard try folder.names().contains(name) else { return nil }
        let file = try SegmentFile.open(name, in: folder.storage)
        buffer.consume(buffer.count)
        do throws(SegmentFault) {
            try file.read(at: 0, count: file.size, into: buffer)
        } catch {
            guard error.isUnreadable else { throw error }
        }
        switch buffer.withReadable({ CheckpointCoding.read($0) }) {
        case .checkpoint(let checkpoint): return checkpoint
        case .newer(let version): throw SegmentFault(name, newer: version)
        case .broken: return nil
        }
    }

    private static func name(_ place: Int) -> String { "checkpoint-\(place)" }
}
