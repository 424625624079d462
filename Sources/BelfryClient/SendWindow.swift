// SPDX-License-Identifier: Apache-2.0
/// What was sent and is not yet acked, as frames ready to be sent again.
///
/// Used by NativeSender; pure.
/// Invariant: the frames are those of the numbers first... without a gap, in order; `acknowledged` only grows.

struct SendWindow {
    /// The number that the next notification gets.
    private(set) var next: UInt64 = 1
    private(set) var bytes = 0
    private var frames: [[UInt8]] = []
    /// Frames before this one are done with; they are let go of in batches.
    private var start = 0

    /// Everything up to here is done with.
    var acknowledged: UInt64 { next - 1 - UInt64(count) }
    var count: Int { frames.count - start }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ frame: [UInt8]) {
        frames.append(frame)
        bytes += frame.count
        next += 1
    }

    /// A notification that is never sent, but has its number.
    mutating func skip() {
        // Only with nothing before it: numbers in the window have no gaps.
        precondition(isEmpty)
        next += 1
    }

    /// Cumulative. What is beyond the last number sent is not believed.
    mutating func acknowledge(upTo number: UInt64) {
        while start < frames.count, acknowledged < number {
            bytes -= frames[start].count
            frames[start] = []
            start += 1
        }
        if start == frames.count || start > 4096 {
            frames.removeFirst(start)
            start = 0
        }
    }

    func forEachFrame(_ body: ([UInt8]) -> Void) { for frame in frames[start...] { body(frame) } }
}
