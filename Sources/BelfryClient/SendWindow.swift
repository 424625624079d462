// SPDX-License-Identifier: Apache-2.0
/// What was sent and is not yet acked, as frames ready to be sent again, in batches: one that is being filled, and those that
/// were lent to be written.
///
/// Used by PublishState; pure.
/// Invariant: the batches hold the numbers behind `acknowledged` up to `next` without a gap, in order, and perhaps some
/// before them; a batch that was lent does not change.

internal import Wire

struct SendWindow: Sendable {
    /// Batches that wait to be filled again.
    private static let sparesKept = 4

    /// The number that the next notification gets.
    private(set) var next: UInt64 = 1
    /// Everything up to here is done with.
    private(set) var acknowledged: UInt64 = 0
    /// Of the frames that are not acked.
    private(set) var bytes = 0
    private var fresh = FrameBatch()
    private var lent: [FrameBatch] = []
    private var spares: [FrameBatch] = []

    var count: Int { Int(next &- 1 &- acknowledged) }
    var isEmpty: Bool { next &- 1 == acknowledged }

    /// Takes a notification; `head` knows its topic.
    /// - Returns: the number that it got.
    mutating func append(_ head: inout PublishHead, _ body: Span<UInt8>) -> UInt64 {
        head.set(number: next, bodyCount: body.count)
        return append(head.bytes, body)
    }

    /// Takes a frame that was made before there was room for it.
    mutating func append(_ frame: consuming [UInt8]) -> UInt64 {
        NativeFrame.set(number: next, payload: frame.count &- NativeFrame.headerCount, inPublish: &frame)
        return append(frame, Span())
    }

    private mutating func append(_ head: [UInt8], _ body: Span<UInt8>) -> UInt64 {
        if fresh.isFull { lend() }
        bytes &+= fresh.append(head, body)
        next &+= 1
        return next &- 1
    }

    /// The next frames behind a number; nil if there are none. Ask again behind the last of them.
    mutating func frames(after number: UInt64) -> FrameRun? {
        let number = max(number, acknowledged)
        if number &+ 1 >= fresh.first { lend() }
        guard let batch = lent.first(where: { $0.last > number }) else { return nil }
        return FrameRun(bytes: batch.bytes, range: batch.end(of: number)..<batch.bytes.count, through: batch.last)
    }

    /// Cumulative. What is beyond the last number taken is not believed.
    mutating func acknowledge(upTo number: UInt64) {
        if number >= fresh.first { lend() }
        while acknowledged < number, let batch = lent.first {
            let reached = min(number, batch.last)
            bytes &-= batch.end(of: reached) &- batch.end(of: acknowledged)
            acknowledged = reached
            if reached == batch.last { keep(lent.removeFirst()) }
        }
    }

    /// What comes from now on goes into another batch.
    private mutating func lend() {
        guard fresh.count > 0 else { return }
        lent.append(fresh)
        fresh = spares.popLast() ?? FrameBatch()
        fresh.begin(with: next)
    }

    private mutating func keep(_ batch: FrameBatch) {
        if spares.count < Self.sparesKept, batch.isUsual { spares.append(batch) }
    }
}
