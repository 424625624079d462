// SPDX-License-Identifier: Apache-2.0
/// What was sent and is not yet acked, as frames ready to be sent again.
///
/// Used by PublishState; pure.
/// Invariant: the frames are those of the numbers first... without a gap, in order; `acknowledged` only grows.

internal import Wire

struct SendWindow: Sendable {
    /// The number that the next notification gets.
    private(set) var next: UInt64 = 1
    private(set) var bytes = 0
    private var frames = Queue<[UInt8]>()

    /// Everything up to here is done with.
    var acknowledged: UInt64 { next - 1 - UInt64(count) }
    var count: Int { frames.count }
    var isEmpty: Bool { frames.isEmpty }

    /// The number that it got.
    mutating func append(_ frame: consuming [UInt8]) -> UInt64 {
        NativeFrame.setNumber(next, inPublish: &frame)
        bytes += frame.count
        frames.append(frame)
        next += 1
        return next - 1
    }

    /// Cumulative. What is beyond the last number sent is not believed.
    mutating func acknowledge(upTo number: UInt64) {
        while acknowledged < number, let frame = frames.popFirst() { bytes -= frame.count }
    }

    /// The frames behind a number, in order, until they are so many bytes together or more.
    func frames(after number: UInt64, upTo most: Int) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var room = most
        var index = Int(max(number, acknowledged) - acknowledged)
        while room > 0, index < frames.count, let frame = frames[index] {
            found.append(frame)
            room -= frame.count
            index += 1
        }
        return found
    }
}
