// SPDX-License-Identifier: Apache-2.0
/// The framing `lines`: a delivery is a line of JSON on the process's input, an answer names the message's id in a line
/// on its output.
///
/// One per process, used by StreamRunner. docs/protocol.md, section 8.
/// Invariant: an id is found only if the process got that message. One that is waiting after its time-out is
/// still found: an answer that comes late is better than another delivery.

import LinuxIO
import Ring
import Wire

final class LinesFraming: StreamFraming {
    /// Whether the process has got an entry's message, and the epoch of its id.
    private struct Holding: Equatable {
        var isHeld = false
        var epoch: UInt32 = 0
    }

    private let shard: Shard
    private let log: UInt64
    private let outlet = StreamOutlet()
    private var encoder = ServiceLineEncoder()
    private let replies: ReplyReader
    private let holdings: FixedArray<Holding>
    /// Entries that the process got as replays, by the ids that they were replayed under.
    private var replays: [MessageID: (index: Int, sequence: UInt64)] = [:]

    init(_ shard: Shard) {
        self.shard = shard
        log = shard.context.ring.control.logID
        replies = ReplyReader(log: log)
        holdings = FixedArray(repeating: Holding(), count: shard.lease.table.capacity)
    }

    /// The window alone is its limit.
    var credit: Int? { .max }
    var isFull: Bool { outlet.isFull }

    func handOut(atMost most: Int, now: UInt64, head: UInt64) -> Int {
        let output = outlet.bytes
        // Taken out while it is used: at home in the class each use would be checked.
        var encoder = ServiceLineEncoder()
        swap(&encoder, &self.encoder)
        defer { swap(&encoder, &self.encoder) }
        return shard.handOut(atMost: most, now: now, head: head) { delivery, record, payload in
            append(delivery, record, payload, &encoder, to: output)
            return output.count < StreamOutlet.limit
        }
    }

    private func append(
        _ delivery: ShardQueue.Delivery, _ record: RecordHeader, _ payload: Span<UInt8>,
        _ encoder: inout ServiceLineEncoder, to output: ByteBuffer
    ) {
        let line = ServiceLine(
            id: record.id(in: payload, log: log), time: record.time, attempt: UInt64(delivery.attempt),
            isRedelivered: delivery.isRepeated,
            wireProtocol: WireProtocol(rawValue: record.wireProtocol) ?? .text,
            kind: DecodedMessage.Kind(rawValue: record.decodedKind) ?? .none)
        encoder.encode(
            line, topic: payload.extracting(record.topic), source: payload.extracting(record.source),
            decoded: payload.extracting(record.decoded), body: payload.extracting(record.body)
        ) { output.append($0) }
        if record.originalID != nil { return note(delivery, line.id) }
        holdings[delivery.index] = Holding(isHeld: true, epoch: record.epoch)
        replies.expect(epoch: record.epoch)
    }

    /// A replay: its answer names the id that it had at first, which says nothing of where it stands now.
    private func note(_ delivery: ShardQueue.Delivery, _ id: MessageID) {
        holdings[delivery.index] = Holding()
        replays[id] = (delivery.index, delivery.sequence)
    }

    func forget(_ index: Int) {
        holdings[index] = Holding()
        if !replays.isEmpty { replays = replays.filter { $0.value.index != index } }
    }

    /// The end of its input says it.
    func appendFinish(grace: UInt64) {}

    func flush(to raw: CInt) -> StreamWrite { outlet.flush(to: raw) }
    func unblock() { outlet.unblock() }

    func read(
        from raw: CInt, atMost most: Int, now: UInt64, _ answer: (StreamAnswer, Span<UInt8>) -> Void
    ) -> StreamPause {
        var hasDelivered = false
        let pause = replies.read(from: raw, atMost: most) { reply, line in
            guard case .delivered(let id) = reply, let index = take(id) else { return answer(self.answer(reply), line) }
            shard.deliver(index, now: now)
            hasDelivered = true
        }
        if hasDelivered { answer(.delivered, [UInt8]().span) }
        return pause
    }

    /// What a reply means; for a message that was delivered, that the process does not hold it.
    private func answer(_ reply: ServiceReply) -> StreamAnswer {
        switch reply {
        case .delivered: return .foreign
        case .dead(let id, let reason):
            guard let index = take(id) else { return .foreign }
            return .dead(index, reason: reason)
        case .retry(let id, let reason):
            guard let index = find(id), shard.queue.isInFlight(index) else { return .foreign }
            return .retry(index, reason: reason)
        case .garbage: return .garbage
        }
    }

    private func find(_ id: MessageID) -> Int? { findNew(id) ?? findReplay(id) }

    private func findReplay(_ id: MessageID) -> Int? {
        guard !replays.isEmpty, let replay = replays[id], shard.queue.sequence(at: replay.index) == replay.sequence
        else { return nil }
        return replay.index
    }

    private func findNew(_ id: MessageID) -> Int? {
        guard id.log == log, let index = shard.queue.find(id.sequence), id.epoch <= UInt32.max else { return nil }
        let asked = Holding(isHeld: true, epoch: UInt32(truncatingIfNeeded: id.epoch))
        return holdings[index] == asked ? index : nil
    }

    /// The same, and no further answer counts.
    private func take(_ id: MessageID) -> Int? {
        guard let index = find(id) else { return nil }
        holdings[index] = Holding()
        if !replays.isEmpty { replays[id] = nil }
        return index
    }
}
