// SPDX-License-Identifier: Apache-2.0

/// What the acceptor says of a record when it appends it.
///
/// The hashes are the keys of `order: source` and `order: topic`; the ring only stores them.
@usableFromInline package struct RecordMeta: Sendable {
    /// Slots that it is for.
    @usableFromInline package var mask: UInt64 = 0
    /// When it was received, in ns since 1970.
    @usableFromInline package var time: UInt64 = 0
    @usableFromInline package var sourceHash: UInt32 = 0
    @usableFromInline package var topicHash: UInt32 = 0
    /// Wire's number of the protocol it came by, and of the decoded member.
    @usableFromInline package var wireProtocol: UInt8 = 0
    @usableFromInline package var decodedKind: UInt8 = 0
    /// The native sender, and the number it gave the message.
    @usableFromInline package var sender: SenderIndex?
    @usableFromInline package var number: UInt64 = 0
    /// Whether it leaves the space that `keepSpace` keeps to others.
    @usableFromInline package var yields = false
    /// Whether the body that comes with it ends with the id of the record that it replays, see `OriginalID`.
    @usableFromInline var isReplayed = false

    @inlinable
    package init() {}
}

/// A record as a reader gets it: its payload is topic, source, decoded member and body, one behind the other.
///
/// Invariant: the four ranges lie inside the payload that comes with it.
@usableFromInline
package struct RecordHeader: Sendable {
    @usableFromInline package let sequence: UInt64
    @usableFromInline package let mask: UInt64
    @usableFromInline package let time: UInt64
    @usableFromInline package let epoch: UInt32
    @usableFromInline package let sourceHash: UInt32
    @usableFromInline package let topicHash: UInt32
    @usableFromInline package let wireProtocol: UInt8
    @usableFromInline package let decodedKind: UInt8
    @usableFromInline package let topic: Range<Int>
    @usableFromInline package let source: Range<Int>
    @usableFromInline package let decoded: Range<Int>
    @usableFromInline package let body: Range<Int>
    /// The id of the record that this one is a replay of, if it is one: `OriginalID.init(_:)` reads it.
    @usableFromInline package let originalID: Range<Int>?

    @usableFromInline let offset: UInt64
    /// Bytes of the payload.
    @inlinable package var payloadCount: Int { originalID?.upperBound ?? body.upperBound }

    /// Copies a descriptor out once, then checks the copy.
    /// - Returns: nil if the descriptor leaves the arena or straddles its end.
    @inline(__always) @inlinable
    init?(sequence: UInt64, at descriptor: SharedWords, geometry: RingGeometry) {
        typealias At = RingLayout.Descriptor
        let topicCount = Int(descriptor.load16(At.topicLength))
        let sourceCount = Int(descriptor.load16(At.sourceLength))
        let decodedCount = Int(descriptor.load32(At.decodedLength))
        let bodyCount = Int(descriptor.load32(At.bodyLength))
        let isReplayed = descriptor.load8(At.flags) & OriginalID.flag != 0
        let bodyEnd = topicCount &+ sourceCount &+ decodedCount &+ bodyCount
        let total = bodyEnd &+ (isReplayed ? OriginalID.byteCount : 0)
        let offset = descriptor.relaxed(At.offset)
        guard UInt64(total) &+ (offset & geometry.arenaMask) <= geometry.arenaSize else { return nil }
        self.sequence = sequence
        self.offset = offset
        mask = descriptor.relaxed(At.mask)
        time = descriptor.relaxed(At.time)
        epoch = descriptor.load32(At.epoch)
        sourceHash = descriptor.load32(At.sourceHash)
        topicHash = descriptor.load32(At.topicHash)
        wireProtocol = descriptor.load8(At.wireProtocol)
        decodedKind = descriptor.load8(At.decodedKind)
        topic = 0..<topicCount
        source = topic.upperBound..<(topicCount &+ sourceCount)
        decoded = source.upperBound..<(source.upperBound &+ decodedCount)
        body = decoded.upperBound..<bodyEnd
        originalID = isReplayed ? bodyEnd..<total : nil
    }

    /// Of a record that was stored outside of the ring.
    /// - Parameters: `mask`: as stored with it. `lengths`: of topic, source, decoded member and body, none negative;
    ///   with the original id, if there is one, they are the payload.
    package init(
        sequence: UInt64, mask: UInt64, time: UInt64, epoch: UInt32, sourceHash: UInt32, topicHash: UInt32,
        wireProtocol: UInt8, decodedKind: UInt8, isReplayed: Bool,
        lengths: (topic: Int, source: Int, decoded: Int, body: Int)
    ) {
        self.sequence = sequence
        self.mask = mask
        self.time = time
        self.epoch = epoch
        self.sourceHash = sourceHash
        self.topicHash = topicHash
        self.wireProtocol = wireProtocol
        self.decodedKind = decodedKind
        topic = 0..<lengths.topic
        source = topic.upperBound..<(topic.upperBound + lengths.source)
        decoded = source.upperBound..<(source.upperBound + lengths.decoded)
        body = decoded.upperBound..<(decoded.upperBound + lengths.body)
        originalID = isReplayed ? body.upperBound..<(body.upperBound + OriginalID.byteCount) : nil
        offset = 0
    }
}
