// SPDX-License-Identifier: Apache-2.0
/// How a publisher behaves where there is a choice.
///
/// Used by Publisher and BlockingPublisher.
/// Invariant: the defaults are right for a service on the broker's machine.

/// Bounds of a publisher: patience and memory.
public struct PublishOptions: Sendable {
    /// How long nothing may be accepted while something waits for it, connecting again included, before the publisher
    /// ends with ``PublishError/stalled(address:timeout:unanswered:)``; nil waits for ever. A full broker does not
    /// accept: this is how long you bear with that.
    public var timeout: Duration? = .seconds(30)
    /// Notifications that may be under way at once; the next waits until some are accepted. At least 1.
    public var windowCount = 4096
    /// Bytes of them, the same way; a single larger notification is sent alone.
    public var windowBytes = 4 << 20
    /// Told why a connection broke that is now made again, in words for an operator. Called on the publisher's own
    /// thread: return soon, and don't call the publisher.
    public var onReconnect: (@Sendable (_ reason: String) -> Void)?

    /// 30 seconds, 4,096 notifications, 4 MiB, nobody told.
    public init() {}
}
