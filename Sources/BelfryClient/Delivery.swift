// SPDX-License-Identifier: Apache-2.0
/// One notification as it is handed to a service, and the way to answer it.
///
/// Made by ServiceLoop; given out by BelfryService.
/// Invariant: it is answered exactly once, by whoever comes first, and at the latest when it is let go of.

internal import LinuxIO
internal import Synchronization
internal import Wire

/// A notification that Belfry has handed to this service, to be answered with ``ack()`` or ``fail(reason:dead:)``.
///
/// The first answer counts, from whatever thread or task; later ones are ignored. A delivery that is let go of without
/// an answer fails by itself with a retry, so that nothing is forgotten. Answers are gathered and sent in batches.
///
/// Delivery is at least once: after a crash between your work and your answer, the same ``id`` comes again.
public final class Delivery: Sendable, CustomStringConvertible {
    /// What the broker has decoded, as the text of a JSON object; docs/protocol.md names the members.
    public enum Decoded: Hashable, Sendable {
        /// The parts of a syslog message.
        case syslog(json: String)
        /// The attributes of a CloudEvent.
        case cloudEvent(json: String)
    }

    /// `LOG-EPOCH-SEQUENCE`: the same at each redelivery, never the same for two notifications.
    public var id: String { messageID.description }
    /// 1 to 255 bytes of `A-Z a-z 0-9 _ % - .`.
    public let topic: String
    /// The sender's address and port, `127.0.0.1:50122` or `[::1]:50122`.
    public let source: String
    /// How it was sent: `native`, `json`, `cloudevents`, `syslog` or `text`; `unknown` if the broker is newer.
    public let sentAs: String
    /// When the broker received it, since 1970-01-01 00:00 UTC, in nanoseconds.
    public let receivedAt: Duration
    /// 1 at the first delivery.
    public let attempt: Int
    /// Whether a delivery of this notification may have been made before.
    public let isRedelivered: Bool
    /// For syslog messages and CloudEvents.
    public let decoded: Decoded?
    /// Any bytes, none included.
    public let body: [UInt8]

    let number: UInt64
    private let messageID: MessageID
    private let engine: ServiceEngine
    private let isAnswered = Atomic(false)

    /// `texts`: from the deliveries before it.
    init(
        _ fixed: ServiceFrame.Delivery, _ parts: ServiceFrame.Parts, in bytes: Span<UInt8>, texts: inout DeliveryTexts,
        engine: ServiceEngine
    ) {
        number = fixed.number
        messageID = fixed.id
        topic = texts.topic.text(bytes.extracting(parts.topic))
        source = texts.source.text(bytes.extracting(parts.source))
        sentAs = WireProtocol(rawValue: fixed.wireProtocol)?.name ?? "unknown"
        receivedAt = .nanoseconds(Int64(clamping: fixed.time))
        attempt = Int(fixed.attempt)
        isRedelivered = fixed.isRedelivered
        decoded =
            switch DecodedMessage.Kind(rawValue: fixed.decodedKind) {
            case .syslog: .syslog(json: String(copying: bytes.extracting(parts.decoded)))
            case .cloudevent: .cloudEvent(json: String(copying: bytes.extracting(parts.decoded)))
            default: nil
            }
        var body: [UInt8] = []
        body.append(copying: bytes.extracting(parts.body))
        self.body = body
        self.engine = engine
    }

    deinit { fail(reason: "let go of without an answer") }

    /// The body as text; bytes that are no UTF-8 become U+FFFD.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// Id, topic and attempt, without the body.
    public var description: String { "\(id) \(topic) attempt \(attempt)" }

    /// It is done, and is never delivered again. After the service has closed this has no effect.
    public func ack() { answer(.done(number)) }

    /// It is not done.
    ///
    /// - Parameters:
    ///   - reason: for the operator, shown by `belfry services`; of more than 4,096 bytes of UTF-8 the rest is cut off.
    ///   - dead: true if no retry will help; else it is delivered again as the service's retry policy says.
    public func fail(reason: String, dead: Bool = false) {
        answer(.failed(number, isFinal: dead, reason: reason))
    }

    private func answer(_ answer: ServiceState.Answer) {
        // Relaxed: only one of several callers may win; what it answers goes through the engine's lock.
        if !isAnswered.exchange(true, ordering: .relaxed) { engine.answer(answer) }
    }
}
