// SPDX-License-Identifier: Apache-2.0

/// What a framer found: a frame, the wish for more bytes, or a reason to end the stream.
///
/// The acceptor acts on it: it decodes the frame, drops what lies before `next` or `from`, or closes.
/// Invariant: `next` and `from` never go back, and no byte at or after them has been used.
package enum FramerStep: Equatable, Sendable {
    /// A frame lies in `range`; the search goes on at `next`.
    case frame(Range<Int>, next: Int)
    /// No whole frame yet; bytes before `from` are done with.
    case more(from: Int)
    case refused(Refusal)
}
