// SPDX-License-Identifier: Apache-2.0
/// Publishing by UDP, one native frame in a datagram.
///
/// For programs that would rather lose a notification than wait for an answer; used by `belfry send --udp`.
/// Invariant: a datagram holds exactly one whole frame, and nothing is sent of a batch with a member that can't be.

internal import LinuxIO
internal import Synchronization

/// Sends notifications to a Belfry broker in datagrams. Nobody answers: what the network or a full broker drops is gone,
/// and counted on the other side if it got that far.
///
/// There is no thread and nothing to close. Calls may come from any thread or task at once; they block only while the
/// kernel's own send buffer is full, for ``init(to:patience:)``'s patience at most, which on one machine is for moments.
///
/// ```swift
/// let publisher = try DatagramPublisher()
/// try publisher.send(topic: "sensors.cellar.humidity", body: "61")
/// ```
public final class DatagramPublisher: Sendable {
    /// One notification of a batch.
    public struct Message: Hashable, Sendable {
        /// As for ``Publisher``.
        public var topic: String
        /// Any bytes, none included.
        public var body: [UInt8]

        /// Takes both as they are; they are looked at when the message is sent.
        public init(topic: String, body: some Collection<UInt8>) {
            self.topic = topic
            self.body = Array(body)
        }

        /// The same with a text.
        public init(topic: String, body: String) {
            self.init(topic: topic, body: body.utf8)
        }
    }

    private let outlet: Mutex<DatagramOutlet>

    /// Looks the name up and opens a socket; nothing is sent yet. The first of several addresses is used.
    ///
    /// - Parameters:
    ///   - endpoint: where the broker listens.
    ///   - patience: how long one call may wait for the kernel to take a datagram.
    /// - Throws: ``PublishError/unresolved(host:reason:)`` or ``PublishError/unreachable(address:reason:)``.
    public convenience init(
        to endpoint: Endpoint = .local, patience: Duration = .seconds(5)
    ) throws(PublishError) {
        try self.init(to: endpoint, patience: patience, usesTrains: true)
    }

    /// `usesTrains`: as if the kernel had no UDP_SEGMENT, if false.
    init(to endpoint: Endpoint, patience: Duration, usesTrains: Bool) throws(PublishError) {
        outlet = Mutex(try DatagramOutlet(endpoint, patience: patience.nanoseconds, usesTrains: usesTrains))
    }

    /// Sends one notification.
    ///
    /// - Parameters:
    ///   - topic: 1 to 255 bytes: tokens of `A-Z a-z 0-9 _ % -` with single dots between them.
    ///   - body: at most 65,489 bytes less the topic's; a network carries less than that in one piece.
    /// - Throws: ``PublishError/refused(_:)``, and then nothing was sent;
    ///   ``PublishError/unreachable(address:reason:)`` if nobody listens there, which may also be about an earlier
    ///   datagram; ``PublishError/timedOut(isWithdrawn:)`` if the kernel had no room;
    ///   ``PublishError/system(call:reason:)``.
    public func send(topic: String, body: some Collection<UInt8>) throws(PublishError) {
        try send(topic, Array(body).span)
    }

    /// Sends a text; see ``send(topic:body:)-(_,Collection<UInt8>)``.
    public func send(topic: String, body: String) throws(PublishError) {
        try send(topic, body.utf8.span)
    }

    private func send(_ topic: String, _ body: Span<UInt8>) throws(PublishError) {
        try outlet.withLock { (outlet: inout sending DatagramOutlet) throws(PublishError) in
            outlet.begin()
            try outlet.add(topic, body)
            try outlet.send()
        }
    }

    /// Sends many, each in a datagram of its own. Neighbours of equal size leave with one system call where the kernel can
    /// do that (UDP_SEGMENT), else one by one; the broker sees no difference.
    ///
    /// - Parameter messages: they leave in this order, and may arrive in another, in part, or not at all.
    /// - Throws: as ``send(topic:body:)-(_,Collection<UInt8>)``. ``PublishError/refused(_:)`` names by its `number` the
    ///   place of the first that can't be sent, counted from 1, and then nothing was sent; behind another error some were
    ///   sent.
    public func send(_ messages: [Message]) throws(PublishError) {
        try outlet.withLock { (outlet: inout sending DatagramOutlet) throws(PublishError) in
            outlet.begin()
            // By way of a span: a body is copied from where it is, and not counted once more.
            try outlet.add(messages.span)
            try outlet.send()
        }
    }

    /// Looks whether topic and size can be sent, without sending.
    ///
    /// - Throws: ``PublishError/refused(_:)``.
    public static func check(topic: String, body: some Collection<UInt8>) throws(PublishError) {
        var batch = DatagramBatch()
        if let refusal = batch.append(topic, Array(body).span) { throw .refused(refusal.told(of: nil)) }
    }
}
