// SPDX-License-Identifier: Apache-2.0

/// What a `lines` service says about a delivery, one line on its stdout.
///
/// Parsed by the worker from what a user's program wrote, and so trusted in nothing.
/// Invariant: a line is exactly one of the forms `ok ID`, `fail ID`, `fail ID retry [REASON]`, `fail ID dead [REASON]`,
/// `fail ID REASON`, or it is garbage.
package enum ServiceReply: Equatable, Sendable {
    case delivered(MessageID)
    /// To be tried again as the retry policy says. The reason lies at `reason`, and may be empty.
    case retry(MessageID, reason: Range<Int>)
    /// Never to be tried again.
    case dead(MessageID, reason: Range<Int>)
    case garbage

    /// A longer line is garbage, however it begins: the worker need not keep more of one.
    package static let maximumCount = 4096

    /// `line` without its newline; a CR at its end and spaces around the words are no harm.
    package static func parse(_ line: Span<UInt8>) -> ServiceReply {
        guard line.count <= maximumCount else { return .garbage }
        var rest = trimmed(line, 0..<line.count)
        let verb = takeWord(line, from: &rest)
        let word = takeWord(line, from: &rest)
        guard !word.isEmpty, let id = MessageID(line, in: word) else { return .garbage }
        if line.equals("ok", in: verb) { return rest.isEmpty ? .delivered(id) : .garbage }
        guard line.equals("fail", in: verb) else { return .garbage }
        let all = rest
        let policy = takeWord(line, from: &rest)
        if line.equals("dead", in: policy) { return .dead(id, reason: rest) }
        return .retry(id, reason: line.equals("retry", in: policy) ? rest : all)
    }

    private static func takeWord(_ line: Span<UInt8>, from rest: inout Range<Int>) -> Range<Int> {
        let end = line.first(0x20, in: rest) ?? rest.upperBound
        let word = rest.lowerBound..<end
        rest = trimmed(line, end..<rest.upperBound)
        return word
    }

    private static func trimmed(_ line: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, line[start] == 0x20 { start &+= 1 }
        while end > start, line[end &- 1] == 0x20 || line[end &- 1] == 0x0D { end &-= 1 }
        return start..<end
    }
}
