// SPDX-License-Identifier: Apache-2.0
/// Why sending ended before everything was accepted.
///
/// Thrown by NativeSender and DatagramSender.
/// Invariant: tells the broker's address and what can be done.

package import LinuxIO
internal import Wire

package enum SendError: Error, CustomStringConvertible {
    case unresolved(ResolveError)
    /// The first connection could not be made.
    case unreachable(address: String, reason: SystemCallError)
    /// The broker refused the stream as a whole, in its own words.
    case refused(address: String, sentence: String)
    /// Nothing was accepted for so many seconds. `unanswered`: how many were sent, or are to be sent, without an ack.
    case stalled(address: String, seconds: UInt64, unanswered: Int)
    /// What answers there is no Belfry, or not one of this protocol's version.
    case notBelfry(address: String)
    case failed(SystemCallError)

    package var description: String {
        switch self {
        case .unresolved(let error): "\(error)"
        case .unreachable(let address, let reason):
            "\(address): \(reason.reason); is belfryd running there? --to HOST:PORT names another place"
        case .refused(let address, let sentence): "\(address): \(sentence)"
        case .stalled(let address, let seconds, unanswered: 0):
            "\(address): nobody answered for \(seconds) s; is it belfryd that listens there? "
                + "--to HOST:PORT names another place"
        case .stalled(let address, let seconds, let unanswered):
            "\(address): nothing was accepted for \(seconds) s, \(unanswered) notifications have no answer; "
                + "see belfry status for whether the ring is full; --timeout SECONDS waits longer"
        case .notBelfry(let address): "\(address): what answers there does not speak Belfry's native protocol"
        case .failed(let error): "\(error)"
        }
    }
}

/// One notification that the broker, or this client on its behalf, did not take.
package struct RefusedMessage: Equatable, Sendable {
    /// The sender's number for it: 1 is the first.
    package let number: UInt64
    /// As in the table of refusals of docs/protocol.md.
    package let code: UInt16
    package let sentence: String

    package init(number: UInt64, code: UInt16, sentence: String) {
        self.number = number
        self.code = code
        self.sentence = sentence
    }

    init(number: UInt64, _ refusal: Refusal) {
        self.init(number: number, code: refusal.code, sentence: refusal.sentence)
    }
}
