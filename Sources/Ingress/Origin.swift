// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// Where a message came from: the text that services see as `source`, and the key of `order: source`.
///
/// A connection has one for its life; DatagramIntake keeps the last one, because senders come in bursts.
/// Invariant: `key` is a hash of the text, or of the sender's own id once a native connection has named itself.
package struct Origin: Sendable {
    package private(set) var address: SocketAddress?
    package private(set) var text: [UInt8] = []
    package private(set) var key: UInt32 = 0

    package init(_ address: SocketAddress?) {
        text.reserveCapacity(64)
        write(address)
    }

    /// Becomes another address; costs a compare if it is the same one.
    package mutating func change(to address: SocketAddress?) {
        if address != self.address { write(address) }
    }

    /// A sender that names itself keeps its order over all of its connections.
    package mutating func identify(high: UInt64, low: UInt64) {
        let mixed = (high ^ 0x9E37_79B9_7F4A_7C15) &* 0x100_0000_01B3 ^ low
        key = UInt32(truncatingIfNeeded: mixed ^ mixed &>> 32)
    }

    private mutating func write(_ address: SocketAddress?) {
        self.address = address
        text.removeAll(keepingCapacity: true)
        address?.append(to: &text)
        key = StableHash.of(text.span)
    }
}
