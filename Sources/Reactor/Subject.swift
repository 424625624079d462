// SPDX-License-Identifier: Apache-2.0
/// What an event or a timer is about, in the words of the loop's user: a kind of its own and an index into its own table.
/// Used by Ingress, Delivery and Supervision; the Reactor carries it and never looks into it.
/// Invariant: plain numbers, so that a subject costs nothing to keep and holds nothing alive.

package struct Subject: Equatable, Hashable, Sendable {
    package let kind: UInt8
    package let index: UInt32

    package init(kind: UInt8, index: UInt32 = 0) {
        self.kind = kind
        self.index = index
    }
}
