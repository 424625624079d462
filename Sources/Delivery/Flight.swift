// SPDX-License-Identifier: Apache-2.0
/// The deliveries that a stream process holds: until when an answer is waited for, and which answers may be taken.
///
/// Used by StreamRunner; its indices are those of the shard's in-flight table.
/// Invariant: the list is in the order of hand-out, and so in that of the deadlines: all wait equally long.

import Wire

struct Flight {
    private var list: IndexList
    private var deadlines: [UInt64]
    /// Which process got a delivery last, and the epoch of its id.
    private var holders: [UInt32]
    private var epochs: [UInt32]
    /// Counts the processes; 0 is none.
    private var process: UInt32 = 0

    init(capacity: Int) {
        list = IndexList(capacity: capacity)
        deadlines = [UInt64](repeating: 0, count: capacity)
        holders = [UInt32](repeating: 0, count: capacity)
        epochs = [UInt32](repeating: 0, count: capacity)
    }

    var isEmpty: Bool { list.first == nil }
    var first: Int? { list.first }
    /// When the first of them has waited too long; `.max` if there is none.
    var deadline: UInt64 { list.first.map { deadlines[$0] } ?? .max }

    /// Another process takes over: what earlier ones got is theirs no more.
    mutating func beginProcess() { process &+= 1 }

    mutating func add(_ index: Int, epoch: UInt32, deadline: UInt64) {
        list.append(index)
        deadlines[index] = deadline
        holders[index] = process
        epochs[index] = epoch
    }

    /// It has failed; the process may still answer for it.
    mutating func land(_ index: Int) { list.remove(index) }

    /// It is resolved; no further answer counts.
    mutating func forget(_ index: Int) { holders[index] = 0 }

    /// Whether the present process got this message.
    func holds(_ index: Int, _ id: MessageID) -> Bool { holders[index] == process && UInt64(epochs[index]) == id.epoch }
}
