// SPDX-License-Identifier: Apache-2.0
/// Two Unix stream sockets that are connected to each other, one for us and one for a process that is about to start.
/// Used by Delivery.
/// Invariant: both are closed on exec; ours is non-blocking, theirs blocks, as a simple program expects it.

internal import Glibc

package struct SocketPair: ~Copyable {
    package let ours: Descriptor
    package let theirs: Descriptor

    private init(ours: consuming Descriptor, theirs: consuming Descriptor) {
        self.ours = ours
        self.theirs = theirs
    }

    package static func make() throws(SystemCallError) -> SocketPair {
        var ends: (CInt, CInt) = (-1, -1)
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try systemCall("socketpair") {
            // Holds: two ints lie where the call writes two.
            unsafe withUnsafeMutableBytes(of: &ends) {
                unsafe socketpair(AF_UNIX, type, 0, $0.bindMemory(to: CInt.self).baseAddress)
            }
        }
        let pair = SocketPair(ours: Descriptor(owning: ends.0), theirs: Descriptor(owning: ends.1))
        try Descriptor.setNonBlocking(pair.ours.raw)
        return pair
    }

    /// Closes theirs and gives ours away.
    package consuming func takeOurs() -> Descriptor { ours }
}
