// SPDX-License-Identifier: Apache-2.0
/// The keys of an ordered shard that wait for a failed record, and in which order their failed records go.
///
/// Used by ShardQueue for services with an `order`; empty, and then free of cost, as long as nothing fails.
/// Invariant: a line's sequences ascend, and all of them are unresolved; what was passed over lies behind the first.

final class HeldKeys {
    private struct Line {
        /// Unresolved records of the key that failed, or that stood in line behind one.
        var waiting: [UInt64] = []
        /// The lowest record of the key that was not handed out because of them.
        var passedFrom: UInt64 = .max
    }

    /// What follows from the end of a record's line.
    struct Release: Equatable {
        /// The record whose turn it is now.
        var next: UInt64?
        /// From where on records were passed over that may go now.
        var passedFrom: UInt64?
    }

    private var lines: [UInt32: Line] = [:]
    private var isEmpty = true

    /// Whether an earlier record of the key must be resolved first.
    @inline(__always) func blocks(_ sequence: UInt64, key: UInt32) -> Bool {
        !isEmpty && stands(before: sequence, key: key)
    }

    // Not inlined: its checks would move to where nothing is held.
    @inline(never) private func stands(before sequence: UInt64, key: UInt32) -> Bool {
        guard let first = lines[key]?.waiting.first else { return false }
        return first < sequence
    }

    /// A record joins its key's line.
    func hold(_ sequence: UInt64, key: UInt32) {
        var line = lines[key] ?? Line()
        // From the end: those of a dead process fail in ascending order.
        let place = line.waiting.lastIndex { $0 <= sequence }
        guard place.map({ line.waiting[$0] != sequence }) ?? true else { return }
        line.waiting.insert(sequence, at: place.map { $0 + 1 } ?? 0)
        lines[key] = line
        isEmpty = false
    }

    /// A record that `blocks` is left for later.
    func passOver(_ sequence: UInt64, key: UInt32) {
        guard let first = lines[key]?.passedFrom, sequence < first else { return }
        lines[key]?.passedFrom = sequence
    }

    /// The lowest record that was not handed out because of any line; `.max` if there is none.
    var firstPassedOver: UInt64 { lines.values.reduce(.max) { min($0, $1.passedFrom) } }

    /// A record is resolved; if it stood in no line, nothing follows.
    func resolve(_ sequence: UInt64, key: UInt32) -> Release {
        guard !isEmpty, var line = lines[key], let place = line.waiting.firstIndex(of: sequence) else {
            return Release()
        }
        line.waiting.remove(at: place)
        guard let first = line.waiting.first else {
            lines[key] = nil
            isEmpty = lines.isEmpty
            return Release(next: nil, passedFrom: line.passedFrom == .max ? nil : line.passedFrom)
        }
        var release = Release(next: place == 0 ? first : nil, passedFrom: nil)
        if line.passedFrom < first {
            release.passedFrom = line.passedFrom
            line.passedFrom = .max
        }
        lines[key] = line
        return release
    }
}
