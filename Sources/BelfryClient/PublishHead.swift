// SPDX-License-Identifier: Apache-2.0
/// The beginning of PUBLISH frames up to the body, kept from frame to frame: most go to the topic that the last one went to.
///
/// Used by PublishState and DatagramBatch; pure.
/// Invariant: the topic is one that the broker takes, or there is none yet.

internal import LinuxIO
internal import Wire

struct PublishHead: Sendable {
    private var topic = ""
    private(set) var bytes: [UInt8] = []

    /// Begins frames to this topic.
    /// - Returns: why there can be none; then it is as before.
    mutating func choose(_ topic: String) -> Wire.Refusal? {
        guard !Self.isSame(topic, self.topic) else { return nil }
        let name = Array(topic.utf8)
        if let refusal = Topic.check(name.span) { return refusal }
        self.topic = topic
        bytes.removeAll(keepingCapacity: true)
        NativeFrame.appendPublish(number: 0, topic: name.span, body: Span(), to: &bytes)
        return nil
    }

    /// Whether two topics are the same, if the broker takes one of them.
    static func isSame(_ one: String, _ other: String) -> Bool {
        // Equal strings may still differ in their bytes, but then in their number, too, where one is ASCII.
        one == other && one.utf8.count == other.utf8.count
    }

    /// For the next frame. The topic is chosen.
    mutating func set(number: UInt64, bodyCount: Int) {
        NativeFrame.set(
            number: number, payload: bytes.count &- NativeFrame.headerCount &+ bodyCount, inPublish: &bytes)
    }

}
