// SPDX-License-Identifier: Apache-2.0
/// What the broker says on a native connection, frame by frame.
///
/// Used by NativeConnection; pure.
/// Invariant: bytes are consumed only as whole frames; frames of types that this version does not know are skipped.

internal import Wire

enum Answer: Equatable {
    case welcome(lastAccepted: UInt64, maxMessage: Int)
    case ack(UInt64)
    case refused(Refusal)
    /// The stream as a whole; the broker closes the connection behind it.
    case ended(Wire.Refusal?, sentence: String)

    /// Answers are short: what claims to be longer does not come from a broker.
    private static let longest = 64 << 10

    /// The answers in `bytes`, and how many bytes they take; nil if these are no native frames.
    static func read(_ bytes: Span<UInt8>) -> (answers: [Answer], used: Int)? {
        var answers: [Answer] = []
        var start = 0
        while true {
            switch NativeFrame.next(in: bytes, from: start, ended: false, maxMessage: longest) {
            case .more: return (answers, start)
            case .refused: return nil
            case .frame(let header, let payload, let next):
                switch answer(header, bytes, payload) {
                case .some(let answer): answers.append(answer)
                case .none where isMalformed(header, bytes, payload): return nil
                case .none: break
                }
                start = next
            }
        }
    }

    /// Whether an answer should have been read from what gave none.
    private static func isMalformed(_ header: NativeFrame.Header, _ bytes: Span<UInt8>, _ payload: Range<Int>) -> Bool {
        switch header.kind {
        case .welcome, .ack: true
        case .error: NativeFrame.fault(in: bytes, payload: payload) == nil
        default: false
        }
    }

    private static func answer(_ header: NativeFrame.Header, _ bytes: Span<UInt8>, _ payload: Range<Int>) -> Answer? {
        switch header.kind {
        case .welcome:
            return NativeFrame.welcome(in: bytes, payload: payload).map {
                .welcome(lastAccepted: $0.lastAccepted, maxMessage: Int($0.maxMessage))
            }
        case .ack: return NativeFrame.ack(in: bytes, payload: payload).map { .ack($0) }
        case .error:
            guard let fault = NativeFrame.fault(in: bytes, payload: payload) else { return nil }
            var text: [UInt8] = []
            bytes.append(fault.sentence, to: &text)
            let sentence = String(decoding: text, as: UTF8.self)
            if fault.number > 0 {
                return .refused(Refusal(number: fault.number, code: fault.code, sentence: sentence))
            }
            let refusal = Wire.Refusal(code: fault.code)
            // The one refusal of the stream behind which it goes on: a frame of ours was skipped.
            return refusal == .unknownType ? nil : .ended(refusal, sentence: sentence)
        default: return nil
        }
    }
}
