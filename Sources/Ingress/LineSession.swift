// SPDX-License-Identifier: Apache-2.0

package import Wire

/// Connections that send frames and are told nothing but refusals: text and syslog by lines, counted syslog, JSON.
///
/// Used by Connections on what such a connection holds.
/// Invariant: a frame is taken, or refused and counted, exactly once; the one that the ring has no room for is not
/// consumed, and decoded anew when there is.
package enum LineSession {
    package static func run(
        _ connection: Connection, on bytes: Span<UInt8>, _ message: inout DecodedMessage, _ intake: Intake,
        _ replies: inout Replies
    ) -> SessionStep {
        // Copies of what the connection has: to look there for each frame costs more than cutting it off.
        let (stream, origin, ended) = (connection.stream, connection.origin, connection.ended)
        let counted = connection.counted
        var lines = connection.lines
        defer { connection.lines = lines }
        let isCounted = stream == .syslogCounted
        var start = 0
        while replies.isOpen {
            let step =
                isCounted
                ? counted.next(in: bytes, from: start, ended: ended)
                : lines.next(in: bytes, from: start, ended: ended)
            switch step {
            case .more(let from): return SessionStep(consumed: from, reason: .needsMore)
            case .refused(let refusal):
                intake.refuse(refusal)
                RefusalAnswer.append(refusal, speaking: stream, first: bytes, to: &replies.bytes)
                return SessionStep(consumed: start, reason: .refused(refusal))
            case .frame(let range, let next):
                guard take(bytes.extracting(range), stream, origin, &message, intake, &replies) else {
                    return SessionStep(consumed: start, reason: .full)
                }
                start = next
            }
        }
        return SessionStep(consumed: start, reason: .answers)
    }

    /// Counts the frames that a connection holds and that will not be taken any more, also the last one that is not whole.
    static func refuseRest(of connection: Connection, in bytes: Span<UInt8>, _ intake: Intake) {
        let counted = connection.counted
        var lines = connection.lines
        var start = 0
        while true {
            let step =
                connection.stream == .syslogCounted
                ? counted.next(in: bytes, from: start, ended: false)
                : lines.next(in: bytes, from: start, ended: false)
            switch step {
            case .more(let from):
                if from < bytes.count { intake.refuse(.truncated) }
                return
            case .refused(let refusal):
                intake.refuse(refusal)
                return
            case .frame(_, let next):
                intake.refuse(.ending)
                start = next
            }
        }
    }

    /// False if the ring is full.
    private static func take(
        _ frame: Span<UInt8>, _ stream: StreamProtocol, _ origin: borrowing Origin, _ message: inout DecodedMessage,
        _ intake: Intake,
        _ replies: inout Replies
    ) -> Bool {
        let result =
            switch decodeFrame(frame, speaking: stream, into: &message) {
            case .raw, .native: intake.take(raw: frame, from: origin)
            case .message: intake.take(message, in: frame, from: origin)
            case .refused(let bad): intake.refuse(bad)
            }
        if case .refused(let refusal) = result {
            RefusalAnswer.append(refusal, speaking: stream, first: frame, to: &replies.bytes)
        }
        return result != .full
    }
}
