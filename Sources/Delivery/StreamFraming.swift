// SPDX-License-Identifier: Apache-2.0
/// How a stream process is spoken to: what differs between the framings `lines` and `frames`.
///
/// LinesFraming and FramesFraming are the two; each process has one of its own. StreamRunner decides how much is handed
/// out and what an answer changes, and leaves the bytes to it. It calls a few times a round; what there is to be done for
/// each message is done behind a call, as calls through a protocol cost more than most of it.
/// Invariant: an answer names an entry only if the process got that very message, and it is not resolved yet.

import Ring
import Wire

/// What a process has said.
enum StreamAnswer {
    /// Some deliveries are done. They have their outcome already.
    case delivered
    /// Never to be delivered again. The reason lies in the span that comes along.
    case dead(Int, reason: Range<Int>)
    /// To be delivered again. The delivery is in flight, and the reason lies in the span that comes along.
    case retry(Int, reason: Range<Int>)
    /// It says how much it takes from now on.
    case credit
    /// No answer at all.
    case garbage
    /// An answer for what it does not hold.
    case foreign

    /// A reason as the operator is told it: not all of one that goes on and on.
    static func words(_ answer: Span<UInt8>, _ reason: Range<Int>) -> String {
        var bytes: [UInt8] = []
        answer.append(reason.lowerBound..<min(reason.upperBound, reason.lowerBound + 160), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Why no more was read.
enum StreamPause { case moreLater, closed, unreadable }

/// What became of a write.
enum StreamWrite { case done, wouldBlock, closed }

protocol StreamFraming: AnyObject {
    /// Deliveries that the process takes open at once; nil as long as it has to say so and has not.
    var credit: Int? { get }
    /// So much waits to be written that it is worth a write.
    var isFull: Bool { get }
    /// Hands out and encodes deliveries, up to `most` or until it is full; they leave with the next write.
    /// - Returns: how many.
    func handOut(atMost most: Int, now: UInt64, head: UInt64) -> Int
    /// No answer for that entry's message counts any more.
    func forget(_ index: Int)
    /// Encodes that nothing more will come, if there is a way to say it.
    /// - Parameter grace: nanoseconds until SIGTERM.
    func appendFinish(grace: UInt64)
    /// Writes what is encoded, as far as the process takes it. After `wouldBlock` nothing is tried until `unblock`.
    func flush(to raw: CInt) -> StreamWrite
    /// The loop has said that it takes more.
    func unblock()
    /// Reads what is there, but no more than about `most` bytes: a process that writes faster than it is read must not
    /// keep the worker from all others. What is delivered gets its outcome; `answer` is told of everything else, and at
    /// the end, once, if anything was delivered.
    func read(
        from raw: CInt, atMost most: Int, now: UInt64, _ answer: (StreamAnswer, Span<UInt8>) -> Void
    ) -> StreamPause
}
