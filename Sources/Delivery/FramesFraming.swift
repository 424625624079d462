// SPDX-License-Identifier: Apache-2.0
/// The framing `frames`: binary deliveries and answers by number over one socket, many to a write.
///
/// One per process, used by StreamRunner. docs/protocol.md, section 10. A record's payload goes out as it lies in the
/// ring, behind the fixed part. What comes in was written by a user's program and is trusted in nothing.
/// Invariant: a number finds an entry only as long as the entry is that of the record that it was given for; and no
/// more is kept of what the process writes than one frame of the greatest length.

import LinuxIO
import Ring
import Wire

final class FramesFraming: StreamFraming {
    private let shard: Shard
    private let log: UInt64
    private(set) var credit: Int?
    private let numbers: OpenNumbers
    private let outlet = StreamOutlet()
    private let input = ByteBuffer(capacity: 16_384, limit: ServiceFrame.headerCount + ServiceFrame.maximumAnswer)

    init(_ shard: Shard) {
        self.shard = shard
        log = shard.context.ring.control.logID
        numbers = OpenNumbers(capacity: shard.lease.table.capacity)
    }

    // MARK: deliveries

    var isFull: Bool { outlet.isFull }

    func handOut(atMost most: Int, now: UInt64, head: UInt64) -> Int {
        let output = outlet.bytes
        return shard.handOut(atMost: most, now: now, head: head) { delivery, record, payload in
            append(delivery, record, payload, to: output)
            return output.count < StreamOutlet.limit
        }
    }

    private func append(
        _ delivery: ShardQueue.Delivery, _ record: RecordHeader, _ payload: Span<UInt8>, to output: ByteBuffer
    ) {
        let fixed = ServiceFrame.Delivery(
            number: numbers.give(delivery.index, sequence: delivery.sequence),
            id: record.id(in: payload, log: log), time: record.time,
            attempt: delivery.attempt, isRedelivered: delivery.isRepeated, wireProtocol: record.wireProtocol,
            decodedKind: record.decodedKind)
        output.append(count: ServiceFrame.Delivery.headCount) {
            ServiceFrame.write(
                fixed, topic: record.topic.count, source: record.source.count, decoded: record.decoded.count,
                body: record.body.count, to: &$0)
        }
        // Behind the body there may be the id of what it replays.
        output.append(payload.extracting(0..<record.body.upperBound))
    }

    func forget(_ index: Int) { numbers.forget(index) }

    func appendFinish(grace: UInt64) {
        var frame: [UInt8] = []
        ServiceFrame.appendFinish(milliseconds: UInt32(clamping: grace / 1_000_000), to: &frame)
        outlet.bytes.append(frame)
    }

    func flush(to raw: CInt) -> StreamWrite { outlet.flush(to: raw) }
    func unblock() { outlet.unblock() }

    // MARK: answers

    func read(
        from raw: CInt, atMost most: Int, now: UInt64, _ answer: (StreamAnswer, Span<UInt8>) -> Void
    ) -> StreamPause {
        var hasDelivered = false
        let pause = read(from: raw, atMost: most) { said, bytes, payload in
            if case .done(let ranges) = said {
                if take(ranges, in: bytes, payload, now, &hasDelivered) { return }
                return answer(.garbage, bytes)
            }
            take(said, bytes, answer)
        }
        if hasDelivered { answer(.delivered, [UInt8]().span) }
        return pause
    }

    private func read(
        from raw: CInt, atMost most: Int, _ frame: (ServiceFrame.Answer, Span<UInt8>, Range<Int>) -> Void
    ) -> StreamPause {
        var rest = most
        while rest > 0 {
            switch input.receive(from: raw) {
            case .bytes(let count):
                rest -= count
                let wasAll = input.hasRoom
                guard cut(frame) else { return .unreadable }
                // Another call would only say so; what comes meanwhile, and the end, the loop tells.
                if wasAll { return .moreLater }
                if input.hasReadAll { return .moreLater }
            case .wouldBlock: return .moreLater
            // `cut` leaves less than a frame of the greatest length, so that the buffer is never full.
            case .full, .closed, .failed: return .closed
            }
        }
        return .moreLater
    }

    /// - Returns: false if there is something that is no frame.
    private func cut(_ frame: (ServiceFrame.Answer, Span<UInt8>, Range<Int>) -> Void) -> Bool {
        var isReadable = true
        let used = input.withReadable { bytes in
            var start = 0
            while true {
                switch ServiceFrame.next(in: bytes, from: start, most: ServiceFrame.maximumAnswer) {
                case .frame(let kind, _, let payload):
                    frame(ServiceFrame.answer(kind, in: bytes, payload: payload), bytes, payload)
                    start = payload.upperBound
                case .more: return start
                case .unreadable:
                    isReadable = false
                    return start
                }
            }
        }
        input.consume(used)
        return isReadable
    }

    /// Settles what the ranges of a DONE name.
    /// - Returns: false if one of them is garbage; those before it count.
    private func take(
        _ ranges: Int, in bytes: Span<UInt8>, _ payload: Range<Int>, _ now: UInt64, _ hasDelivered: inout Bool
    ) -> Bool {
        for index in 0..<ranges {
            guard let range = ServiceFrame.range(index, in: bytes, payload: payload), isSent(range) else {
                return false
            }
            numbers.take(range) { entry, sequence in
                guard holds(entry, sequence) else { return }
                shard.deliver(entry, now: now)
                hasDelivered = true
            }
        }
        return true
    }

    private func take(
        _ said: ServiceFrame.Answer, _ bytes: Span<UInt8>, _ answer: (StreamAnswer, Span<UInt8>) -> Void
    ) {
        switch said {
        case .window(let deliveries):
            credit = Int(deliveries)
            answer(.credit, bytes)
        case .fail(let number, let isFinal, let reason):
            guard isSent(number...number) else { return answer(.garbage, bytes) }
            guard let (entry, sequence) = numbers.take(number), holds(entry, sequence) else { return }
            if isFinal { return answer(.dead(entry, reason: reason), bytes) }
            // One that has timed out already is on its way again.
            if shard.queue.isInFlight(entry) { answer(.retry(entry, reason: reason), bytes) }
        case .garbage: answer(.garbage, bytes)
        case .done, .unknown: break
        }
    }

    private func isSent(_ range: ClosedRange<UInt64>) -> Bool {
        range.lowerBound > 0 && range.upperBound <= numbers.last
    }

    /// Whether the entry is still that of the record.
    private func holds(_ entry: Int, _ sequence: UInt64) -> Bool { shard.queue.sequence(at: entry) == sequence }
}
