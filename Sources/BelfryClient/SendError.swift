// SPDX-License-Identifier: Apache-2.0
/// Why sending ended before everything was accepted.
///
/// Thrown by NativeSender and DatagramSender.
/// Invariant: tells the broker's address and what can be done.

package import LinuxIO

package enum SendError: Error, CustomStringConvertible {
    case unresolved(ResolveError)
    /// The first connection could not be made.
    case unreachable(address: String, reason: SystemCallError)
    /// The broker refused the stream as a whole, in its own words.
    case refused(address: String, sentence: String)
    /// What answers there is no Belfry, or not one of this protocol's version.
    case notBelfry(address: String)
    case failed(SystemCallError)

    package var description: String {
        switch self {
        case .unresolved(let error): "\(error)"
        case .unreachable(let address, let reason):
            "\(address): \(reason.reason); is belfryd running there? --to HOST:PORT names another place"
        case .refused(let address, let sentence): "\(address): \(sentence)"
        case .notBelfry(let address): "\(address): what answers there does not speak Belfry's native protocol"
        case .failed(let error): "\(error)"
        }
    }
}

/// One notification that the broker, or this client on its behalf, did not take.
package struct RefusedMessage: Equatable, Sendable {
    /// The sender's number for it: 1 is the first.
    package let number: UInt64
    package let sentence: String

    package init(number: UInt64, sentence: String) {
        self.number = number
        self.sentence = sentence
    }
}
