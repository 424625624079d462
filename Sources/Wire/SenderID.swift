// SPDX-License-Identifier: Apache-2.0

/// The 16 bytes by which a native sender names itself, so that what it sends twice is taken once.
///
/// Sent in HELLO; the acceptor keeps the last accepted number for each of them.
/// Invariant: two senders that run at the same time never share one; a sender makes it from random bytes.
package struct SenderID: Hashable, Sendable {
    package static let count = 16

    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
