// SPDX-License-Identifier: Apache-2.0
/// One notification that was not taken, with the reason.
///
/// Part of PublishError; made from the broker's ERROR frames, and from what is looked at before anything is sent.
/// Invariant: `code`, `reason` and `sentence` are those of the table in docs/protocol.md, section 7.

internal import Wire

/// A notification that the broker refused, or that was not sent because the broker would refuse it. Sending the same
/// again is never worth it.
public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number that ``Publisher/send(topic:body:within:)-(_,Collection<UInt8>,_)`` returned for it, from 1; in a
    /// batch of datagrams its place, from 1; nil if it got none because it was refused before it was sent.
    public let number: UInt64?
    /// As in the table of refusals of the protocol: 2 is a body that is too large, 6 a bad topic, 7 a reserved one.
    public let code: UInt16
    /// The broker's words.
    public let sentence: String

    init(number: UInt64?, code: UInt16, sentence: String) {
        self.number = number
        self.code = code
        self.sentence = sentence
    }

    init(number: UInt64? = nil, _ refusal: Wire.Refusal) {
        self.init(number: number, code: refusal.code, sentence: refusal.sentence)
    }

    /// The code as a word, as the broker's ledger counts it: `too-large`, `bad-topic`, `reserved-topic`. A code that this
    /// version does not know is `code-N`.
    public var reason: String { Wire.Refusal(code: code)?.name ?? "code-\(code)" }

    /// Reason and sentence, for people.
    public var description: String { "\(reason): \(sentence)" }
}
