// SPDX-License-Identifier: Apache-2.0

/// Why a successor can't take over: it ends then, and its predecessor goes on as if there had been none.
///
/// Thrown by TakeOver and by those who take what it brings; AcceptorRole logs it.
/// Invariant: each is found out before the predecessor is told that everything is taken.
package enum HandOverError: Error, Equatable, CustomStringConvertible {
    /// The predecessor is gone, or wants to go on itself.
    case ended
    /// The supervisor is gone.
    case orphaned
    case otherVersion(UInt32)
    /// Its settings, or what it has published, are not what the successor was started with.
    case otherState(String)
    /// What came can't be what an acceptor sends.
    case malformed(String)
    /// The kernel would not watch another connection.
    case noWatch
    /// There are more connections than it may have descriptors.
    case noDescriptor

    package var description: String {
        switch self {
        case .ended: "the acceptor before this one ended before it had handed over everything"
        case .orphaned: "the supervisor ended"
        case .otherVersion(let version):
            "the acceptor before this one hands over in version \(version); this one reads version \(HandOverFrame.version)"
        case .otherState(let what): "the acceptor before this one goes by another \(what)"
        case .malformed(let what): "what the acceptor before this one handed over is damaged: \(what)"
        case .noDescriptor: "there are more connections than this acceptor may have descriptors (LimitNOFILE=)"
        case .noWatch: "the system allows no more watches for connections (fs.epoll.max_user_watches)"
        }
    }
}
