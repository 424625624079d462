// SPDX-License-Identifier: Apache-2.0
/// From a key to the entry of the in-flight table that it was put in for: a hash table whose chains run through the
/// entries themselves.
///
/// Used by ShardQueue (keys are sequences) and OpenNumbers (keys are numbers). Keys rise by about `stride` from one to the
/// next, so that those in a window fall to different places one beside the other, and a chain is the exception.
/// Invariant: an entry has at most one key and a key one entry; an entry with a key stands in the chain of its key's place.

import LinuxIO

struct EntryIndex: ~Copyable {
    // Not private: the compiler would not find it where the owner of an index, in another file, destroys it.
    struct Link {
        /// 0 for none: sequences and numbers start at 1.
        var key: UInt64 = 0
        var next = EntryLink.none
    }

    /// The first entry of each place's chain.
    private let heads: FixedArray<EntryLink>
    private let links: FixedArray<Link>
    private let mask: UInt64
    private let shift: UInt64

    /// - Parameter capacity: entries of the table.
    init(capacity: Int, stride: Int = 1) {
        var size = 4
        while size < 2 * capacity { size *= 2 }
        heads = FixedArray(repeating: .none, count: size)
        links = FixedArray(repeating: Link(), count: capacity)
        mask = UInt64(size - 1)
        shift = UInt64(max(stride, 1).trailingZeroBitCount)
    }

    @inline(__always) subscript(key: UInt64) -> Int? {
        var next = heads[place(key)]
        while let entry = next.entry {
            let link = links[entry]
            if link.key == key { return entry }
            next = link.next
        }
        return nil
    }

    /// The key of an entry, 0 if it has none.
    @inline(__always) func key(of entry: Int) -> UInt64 { links[entry].key }

    /// Neither the key nor the entry is there yet.
    @inline(__always) func insert(_ key: UInt64, _ entry: Int) {
        let place = place(key)
        links[entry] = Link(key: key, next: heads[place])
        heads[place] = EntryLink(entry)
    }

    /// Takes the key of an entry out, if it has one.
    @inline(__always) func remove(_ entry: Int) {
        let link = links[entry]
        guard link.key != 0 else { return }
        links[entry].key = 0
        let place = place(link.key)
        let own = EntryLink(entry)
        guard heads[place] != own else { return heads[place] = link.next }
        var before = heads[place].entry
        while let other = before, links[other].next != own { before = links[other].next.entry }
        if let before { links[before].next = link.next }
    }

    @inline(__always) private func place(_ key: UInt64) -> Int { Int(truncatingIfNeeded: key >> shift & mask) }
}
