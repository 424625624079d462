// SPDX-License-Identifier: Apache-2.0

import LinuxIO
package import Ring
package import Wire

/// Where every message ends up, by whatever way it came: routed, and appended to the ring or counted as refused.
///
/// Datagrams and connections hand it what they decoded; Acceptor publishes once a round.
/// Invariant: each notification is counted exactly once, as published, duplicate or refused, except one that was
/// answered `.full` to a connection, which keeps it and comes again.
package final class Intake {
    package enum Result: Equatable, Sendable {
        case taken
        case full
        case refused(Refusal)
    }

    package let producer: RingProducer
    /// When this round's messages were received, ns since 1970.
    package var time: UInt64 {
        get { now }
        set { now = newValue }
    }
    /// Bytes of the greatest body.
    package var maxMessage: Int { limit }

    // Private, and changed without a call in between: the compiler proves that no check at run time is needed.
    private var now: UInt64 = 0
    private var limit: Int
    private var router: Router
    private let routing = Routing()
    private var rawRoute: Routing.Route

    /// The topic of everything that names none: `raw`.
    private static let rawTopic: InlineArray<3, UInt8> = [0x72, 0x61, 0x77]

    package init(producer: RingProducer, router: Router, maxMessage: Int) {
        self.producer = producer
        limit = maxMessage
        self.router = router
        rawRoute = Routing.Route(router, Self.rawTopic.span)
    }

    /// Goes over to other settings, for what is taken from now on.
    package func goOver(to router: Router, maxMessage: Int) {
        limit = maxMessage
        self.router = router
        routing.forget()
        rawRoute = Routing.Route(router, Self.rawTopic.span)
    }

    /// Takes text: all of it is the body. `yields`: to connections that wait for space.
    package func take(raw body: Span<UInt8>, from origin: borrowing Origin, yields: Bool = false) -> Result {
        var meta = RecordMeta()
        meta.wireProtocol = WireProtocol.text.rawValue
        meta.yields = yields
        let topic = Self.rawTopic
        return take(&meta, rawRoute, topic: topic.span, decoded: Span(), body: body, origin)
    }

    /// Takes a decoded message. `bytes` are the ones that the decoder was given.
    package func take(
        _ message: borrowing DecodedMessage, in bytes: Span<UInt8>, from origin: borrowing Origin, yields: Bool = false
    ) -> Result {
        var meta = RecordMeta()
        meta.yields = yields
        meta.wireProtocol = message.wireProtocol.rawValue
        meta.decodedKind = message.kind.rawValue
        let topic = message.topic.span
        let route = routing.known(topic) ?? routing.learn(topic, from: router)
        if message.isUnescaped {
            return take(
                &meta, route, topic: topic, decoded: message.decoded.span, body: message.unescaped.span, origin)
        }
        return take(
            &meta, route, topic: topic, decoded: message.decoded.span, body: bytes.extracting(message.body), origin)
    }

    /// Takes a PUBLISH of the native protocol.
    package func take(
        _ publish: NativeFrame.Publish, in bytes: Span<UInt8>, from origin: borrowing Origin, sender: SenderIndex?,
        yields: Bool = false
    ) -> Result {
        let topic = bytes.extracting(publish.topic)
        let route: Routing.Route
        if let known = routing.known(topic), !known.isReserved {
            route = known
        } else {
            if let refusal = Topic.check(topic) { return refuse(refusal) }
            route = routing.learn(topic, from: router)
        }
        var meta = RecordMeta()
        meta.wireProtocol = WireProtocol.native.rawValue
        meta.sender = sender
        meta.yields = yields
        meta.number = publish.number
        return take(&meta, route, topic: topic, decoded: Span(), body: bytes.extracting(publish.body), origin)
    }

    /// Counts one notification that was not taken.
    @discardableResult
    package func refuse(_ refusal: Refusal) -> Result {
        producer.refuse(Int(refusal.rawValue))
        return .refused(refusal)
    }

    /// Whether all that was published may be told of, and read: always, without a commit log.
    package var isCommitted: Bool { producer.committed == producer.published }

    /// Makes everything taken so far visible. The workers concerned are woken by `wake`.
    package func publish() { producer.publish() }

    /// Rings for every sleeper that has work in what was published since the last call.
    package func wake(_ workers: WorkerBells) { workers.wake(for: producer) }

    @inline(__always) private func take(
        _ meta: inout RecordMeta, _ route: Routing.Route, topic: Span<UInt8>, decoded: Span<UInt8>,
        body: Span<UInt8>, _ origin: borrowing Origin
    ) -> Result {
        guard body.count <= limit else { return refuse(.tooLarge) }
        meta.mask = route.mask
        meta.topicHash = route.hash
        meta.sourceHash = origin.key
        meta.time = now
        let source = origin.text.span
        var result = producer.append(meta, topic: topic, source: source, decoded: decoded, body: body)
        if case .tooLarge = result, decoded.count > 0 {
            // The decoded part only repeats what stands in the body.
            meta.decodedKind = DecodedMessage.Kind.none.rawValue
            result = producer.append(meta, topic: topic, source: source, decoded: Span(), body: body)
        }
        return switch result {
        case .appended: .taken
        case .full: .full
        case .tooLarge: refuse(.tooLarge)
        }
    }
}
