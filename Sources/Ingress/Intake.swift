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
    /// Bytes of the greatest body.
    package private(set) var maxMessage: Int
    /// When this round's messages were received, ns since 1970.
    package var time: UInt64 = 0
    private var routing: Routing

    package init(producer: RingProducer, router: Router, maxMessage: Int) {
        self.producer = producer
        self.maxMessage = maxMessage
        routing = Routing(router)
    }

    /// Goes over to other settings, for what is taken from now on.
    package func goOver(to router: Router, maxMessage: Int) {
        self.maxMessage = maxMessage
        routing = Routing(router)
    }

    /// Takes a decoded message. `bytes` are the ones that the decoder was given. `yields`: to connections that wait for
    /// space.
    package func take(
        _ message: borrowing DecodedMessage, in bytes: Span<UInt8>, from origin: borrowing Origin, yields: Bool = false
    ) -> Result {
        var meta = RecordMeta()
        meta.yields = yields
        meta.wireProtocol = message.wireProtocol.rawValue
        meta.decodedKind = message.kind.rawValue
        if message.isUnescaped {
            return take(
                &meta, topic: message.topic.span, decoded: message.decoded.span, body: message.unescaped.span, origin)
        }
        return take(
            &meta, topic: message.topic.span, decoded: message.decoded.span, body: bytes.extracting(message.body),
            origin)
    }

    /// Takes a PUBLISH of the native protocol.
    package func take(
        _ publish: NativeFrame.Publish, in bytes: Span<UInt8>, from origin: borrowing Origin, sender: SenderIndex?,
        yields: Bool = false
    ) -> Result {
        if let refusal = Topic.check(bytes.extracting(publish.topic)) { return refuse(refusal) }
        var meta = RecordMeta()
        meta.wireProtocol = WireProtocol.native.rawValue
        meta.sender = sender
        meta.yields = yields
        meta.number = publish.number
        return take(
            &meta, topic: bytes.extracting(publish.topic), decoded: Span(), body: bytes.extracting(publish.body),
            origin)
    }

    /// Counts one notification that was not taken.
    @discardableResult
    package func refuse(_ refusal: Refusal) -> Result {
        producer.refuse(Int(refusal.rawValue))
        return .refused(refusal)
    }

    /// Makes everything taken so far visible. The workers concerned are woken by `wake`.
    package func publish() { producer.publish() }

    /// Rings for every sleeper that has work in what was published since the last call.
    package func wake(_ pages: borrowing WorkerPages, ring: (Int) -> Void) {
        producer.forEachSleeper(pages, ring: ring)
    }

    private func take(
        _ meta: inout RecordMeta, topic: Span<UInt8>, decoded: Span<UInt8>, body: Span<UInt8>,
        _ origin: borrowing Origin
    ) -> Result {
        guard body.count <= maxMessage else { return refuse(.tooLarge) }
        let route = routing.route(topic)
        meta.mask = route.mask
        meta.topicHash = route.hash
        meta.sourceHash = origin.key
        meta.time = time
        var result = producer.append(meta, topic: topic, source: origin.text.span, decoded: decoded, body: body)
        if case .tooLarge = result, decoded.count > 0 {
            // The decoded part only repeats what stands in the body.
            meta.decodedKind = DecodedMessage.Kind.none.rawValue
            result = producer.append(meta, topic: topic, source: origin.text.span, decoded: Span(), body: body)
        }
        return switch result {
        case .appended: .taken
        case .full: .full
        case .tooLarge: refuse(.tooLarge)
        }
    }
}
