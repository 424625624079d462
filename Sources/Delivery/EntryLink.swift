// SPDX-License-Identifier: Apache-2.0
/// Which entry of the in-flight table, or none: in the chains and lists that run through the entries.
///
/// Used by EntryIndex, IndexList and Flight.
/// Invariant: none is all zero bytes, as new memory is: a table of them takes no page before its entries are used.

struct EntryLink: Equatable, BitwiseCopyable {
    /// The entry + 1.
    private let stored: UInt32

    static var none: EntryLink { EntryLink(stored: 0) }

    private init(stored: UInt32) { self.stored = stored }
    @inline(__always) init(_ entry: Int) { stored = UInt32(truncatingIfNeeded: entry &+ 1) }

    @inline(__always) var entry: Int? { stored == 0 ? nil : Int(stored) &- 1 }
}
