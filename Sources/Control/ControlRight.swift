// SPDX-License-Identifier: Apache-2.0
/// Who may ask for what on the control socket, by the user that the kernel names for the other end.
///
/// Used by the supervisor before it does what a request asks.
/// Invariant: nobody but root and the user that Belfry runs as changes anything, or reads a notification.

package enum ControlRight: Equatable, Sendable {
    case readState
    /// To see what notifications say.
    case readBodies
    case change

    /// `user`: the peer's, from its credentials; `owner`: the one that Belfry runs as.
    package func isGranted(toUser user: UInt32, owner: UInt32) -> Bool {
        switch self {
        // The mode of the socket file has let the peer connect: that is the right to read.
        case .readState: true
        case .readBodies, .change: user == 0 || user == owner
        }
    }

    package func refusal(ofUser user: UInt32) -> ControlFault {
        guard self == .readBodies else {
            return ControlFault("user \(user) may not do this; ask as root or as the user that belfryd runs as")
        }
        return ControlFault(
            "user \(user) may not read notifications; ask as root or as the user that belfryd runs as")
    }
}
