// SPDX-License-Identifier: Apache-2.0
/// Why something could not be published.
///
/// Thrown by Publisher, BlockingPublisher and DatagramPublisher.
/// Invariant: the descriptions are for people and name the address; what a program decides by stands in the cases.

/// What publishing can fail with. Further cases may come: keep a `default` where you switch over it.
public enum PublishError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The host's name could not be looked up.
    case unresolved(host: String, reason: String)
    /// No connection could be made, the first time; one that breaks later is made again without an error. For datagrams:
    /// nobody listens there, or the network refuses.
    case unreachable(address: String, reason: String)
    /// This notification was refused; the publisher goes on.
    case refused(Refusal)
    /// Of what was sent since the last flush the broker refused `count` notifications and accepted the others; the
    /// publisher goes on. `first` has the first 1,000 of them at most.
    case someRefused(first: [Refusal], count: Int)
    /// The broker refused the connection as a whole, in its own words. The publisher has ended.
    case streamRefused(address: String, sentence: String)
    /// Nothing was accepted for ``PublishOptions/timeout``, and `unanswered` notifications wait for it: whether the broker
    /// has taken some of them is not known. The publisher has ended.
    case stalled(address: String, timeout: Duration, unanswered: Int)
    /// What answers at the address does not speak Belfry's native protocol. The publisher has ended.
    case notBelfry(address: String)
    /// The call's own deadline passed. `isWithdrawn`: the notification was never sent and never will be; else it is under
    /// way, and may still be accepted. The publisher goes on.
    case timedOut(isWithdrawn: Bool)
    /// The publisher was closed, or let go of, before this was accepted.
    case closed
    /// The system refused a thread, a descriptor, a write or the like.
    case system(call: String, reason: String)

    /// One line in English.
    public var description: String {
        switch self {
        case .unresolved(let host, let reason): "\(host): \(reason)"
        case .unreachable(let address, let reason): "\(address): \(reason)"
        case .refused(let refusal): "refused (\(refusal.reason)): \(refusal.sentence)"
        case .someRefused(let first, let count):
            "\(count) refused" + (first.first.map { "; the first: \($0)" } ?? "")
        case .streamRefused(let address, let sentence): "\(address): \(sentence)"
        case .stalled(let address, let timeout, unanswered: 0):
            "\(address): nobody answered for \(timeout)"
        case .stalled(let address, let timeout, let unanswered):
            "\(address): nothing was accepted for \(timeout), \(unanswered) notifications have no answer"
        case .notBelfry(let address): "\(address): what answers there does not speak Belfry's native protocol"
        case .timedOut(isWithdrawn: true): "no room within the time given; it was not sent"
        case .timedOut(isWithdrawn: false): "not accepted within the time given; it may be accepted yet"
        case .closed: "the publisher is closed"
        case .system(let call, let reason): "\(call): \(reason)"
        }
    }
}
