// SPDX-License-Identifier: Apache-2.0
/// How a record lies in a batch: a head of 80 bytes, its payload, and up to seven zeros.
///
/// Used by SegmentBatch and by those who read one. The numbers mean what those of a descriptor in the ring mean today, but
/// their places are this format's own: a later layout of the ring changes nothing here (docs/segments.md).
/// Invariant: a record has a sum of its own, so that one damaged byte costs one record and not its batch.

internal import LinuxIO
package import Ring

/// A record of a batch: its header, where its payload lies, and who sent it.
package struct StoredRecord: Sendable {
    package struct Sender: Equatable, Sendable {
        package let id: SenderID
        /// That it gave the message.
        package let number: UInt64

        package init(id: SenderID, number: UInt64) {
            self.id = id
            self.number = number
        }
    }

    package let header: RecordHeader
    /// In the batch's body.
    package let payload: Range<Int>
    /// Nil if it came from no native sender.
    package let sender: Sender?
}

extension StoredRecord {
    private enum At {
        static let sequence = 0
        static let mask = 8
        static let time = 16
        static let body = 24
        static let topic = 28
        static let source = 30
        static let decoded = 32
        static let epoch = 36
        static let sourceHash = 40
        static let topicHash = 44
        static let wireProtocol = 48
        static let decodedKind = 49
        static let flags = 50
        static let sum = 52
        static let number = 56
        static let senderHigh = 64
        static let senderLow = 72
    }

    static let headCount = 80
    /// Of the flags: the last 20 bytes of the payload are the id that it was published under first.
    private static let replayed: UInt8 = 1

    /// What a record takes in a batch, given all that belongs to its payload.
    static func count(payload: Int) -> Int { (headCount + payload + 7) & ~7 }

    // MARK: writing

    static func append(
        _ header: RecordHeader, mask: UInt64, sender: Sender?, payload: Span<UInt8>,
        to body: ByteBuffer
    ) {
        var sum = CRC32C()
        sum.add(payload)
        body.append(count: headCount) { out in
            write(header, mask: mask, sender: sender, to: &out)
            sum.add(out.bytes.extracting(0..<At.sum))
            sum.add(out.bytes.extracting(At.sum + 4..<headCount))
            out.storeBytes(of: sum.value.littleEndian, toByteOffset: At.sum, as: UInt32.self)
        }
        body.append(payload)
        let padding = count(payload: payload.count) - headCount - payload.count
        body.append(count: padding) { out in
            for place in 0..<padding { out.storeBytes(of: 0, toByteOffset: place, as: UInt8.self) }
        }
    }

    private static func write(
        _ header: RecordHeader, mask: UInt64, sender: Sender?, to out: inout MutableRawSpan
    ) {
        func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number, _ place: Int) {
            out.storeBytes(of: number.littleEndian, toByteOffset: place, as: Number.self)
        }
        put(header.sequence, At.sequence)
        put(mask, At.mask)
        put(header.time, At.time)
        put(UInt32(header.body.count), At.body)
        put(UInt16(header.topic.count), At.topic)
        put(UInt16(header.source.count), At.source)
        put(UInt32(header.decoded.count), At.decoded)
        put(header.epoch, At.epoch)
        put(header.sourceHash, At.sourceHash)
        put(header.topicHash, At.topicHash)
        put(header.wireProtocol, At.wireProtocol)
        put(header.decodedKind, At.decodedKind)
        put(header.originalID != nil ? replayed : 0, At.flags)
        put(UInt8(0), At.flags + 1)
        put(UInt32(0), At.sum)
        put(sender?.number ?? 0, At.number)
        put(sender?.id.high ?? 0, At.senderHigh)
        put(sender?.id.low ?? 0, At.senderLow)
    }

    // MARK: reading

    /// Reads the record that begins at `place` of a batch's body; nil if none does.
    static func read(_ body: Span<UInt8>, at place: Int) -> StoredRecord? {
        guard place >= 0, place <= body.count - headCount else { return nil }
        let head = body.extracting(place..<place + headCount)
        let lengths = (
            topic: Int(head.uint16(at: At.topic)), source: Int(head.uint16(at: At.source)),
            decoded: Int(head.uint32(at: At.decoded)), body: Int(head.uint32(at: At.body))
        )
        let isReplayed = head[At.flags] & replayed != 0
        let header = RecordHeader(
            sequence: head.uint64(at: At.sequence), mask: head.uint64(at: At.mask), time: head.uint64(at: At.time),
            epoch: head.uint32(at: At.epoch), sourceHash: head.uint32(at: At.sourceHash),
            topicHash: head.uint32(at: At.topicHash), wireProtocol: head[At.wireProtocol],
            decodedKind: head[At.decodedKind], isReplayed: isReplayed, lengths: lengths)
        guard header.payloadCount <= body.count - place - headCount else { return nil }
        let payload = place + headCount..<place + headCount + header.payloadCount
        guard isWhole(head, body.extracting(payload)) else { return nil }
        return StoredRecord(header: header, payload: payload, sender: sender(head))
    }

    private static func isWhole(_ head: Span<UInt8>, _ payload: Span<UInt8>) -> Bool {
        var sum = CRC32C()
        sum.add(payload)
        sum.add(head.extracting(0..<At.sum))
        sum.add(head.extracting(At.sum + 4..<headCount))
        return sum.value == head.uint32(at: At.sum)
    }

    private static func sender(_ head: Span<UInt8>) -> Sender? {
        let id = SenderID(high: head.uint64(at: At.senderHigh), low: head.uint64(at: At.senderLow))
        guard id.high != 0 || id.low != 0 else { return nil }
        return Sender(id: id, number: head.uint64(at: At.number))
    }
}
