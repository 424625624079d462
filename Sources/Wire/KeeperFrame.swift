// SPDX-License-Identifier: Apache-2.0

/// The frames on a socket between the keeper and a worker, the acceptor or the supervisor: a header as that of the
/// native protocol, then numbers (big-endian) and texts, each behind its length.
///
/// Who sends what is to be kept numbers it from 1 on, for each socket anew; KEPT says up to which number all is on the disk.
/// Invariant: `next` gives back what `append` wrote, and never reads beyond the span.
package enum KeeperFrame: Equatable, Sendable {
    /// worker → keeper: a dead letter.
    case letter(number: UInt64, KeptMessage, Failings)
    /// supervisor → keeper.
    case note(number: UInt64, KeptNote)
    /// The other way, for both; and acceptor → keeper, for replays: published up to this one.
    case kept(UInt64)
    /// keeper → acceptor, first of all: under which name it sends.
    case hello(SenderID)
    /// acceptor → keeper: the last number that was taken from that sender.
    case welcome(last: UInt64)
    /// keeper → acceptor: to be delivered to its service, and to that alone.
    case replay(number: UInt64, KeptMessage)
    /// acceptor → keeper: it is not taken, and why.
    case refused(number: UInt64, String)

    package static let headerCount = 8

    fileprivate enum Kind: UInt8 {
        case letter = 32
        case note = 33
        case kept = 34
        case hello = 35
        case welcome = 36
        case replay = 37
        case refused = 38
    }

    package enum Step: Equatable, Sendable {
        /// A whole frame; the next one begins there.
        case frame(KeeperFrame, next: Int)
        case more
        /// No frame of this version: nothing can be told apart from here on.
        case unreadable
    }

    // MARK: writing

    package func append(to out: inout [UInt8]) {
        let start = out.count
        out.append(contentsOf: [NativeFrame.magic, NativeFrame.version, kind.rawValue, 0, 0, 0, 0, 0])
        appendFields(to: &out)
        let length = out.count - start - Self.headerCount
        for index in 0..<4 { out[start + 4 + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
    }

    private var kind: Kind {
        switch self {
        case .letter: .letter
        case .note: .note
        case .kept: .kept
        case .hello: .hello
        case .welcome: .welcome
        case .replay: .replay
        case .refused: .refused
        }
    }

    private func appendFields(to out: inout [UInt8]) {
        switch self {
        case .letter(let number, let message, let failings):
            out.appendBigEndian(number, width: 8)
            out.appendBigEndian(UInt64(failings.attempts), width: 4)
            out.appendBigEndian(failings.first, width: 8)
            out.appendBigEndian(failings.last, width: 8)
            out.appendText(Array(failings.reason.utf8))
            message.append(to: &out)
        case .note(let number, let note):
            out.appendBigEndian(number, width: 8)
            out.append(contentsOf: [note.kind.rawValue, note.code])
            out.appendBigEndian(note.time, width: 8)
            out.appendBigEndian(note.count, width: 8)
            out.appendText(Array(note.subject.utf8))
            out.appendText(Array(note.detail.utf8))
        case .kept(let number), .welcome(let number): out.appendBigEndian(number, width: 8)
        case .hello(let sender):
            out.appendBigEndian(sender.high, width: 8)
            out.appendBigEndian(sender.low, width: 8)
        case .replay(let number, let message):
            out.appendBigEndian(number, width: 8)
            message.append(to: &out)
        case .refused(let number, let reason):
            out.appendBigEndian(number, width: 8)
            out.appendText(Array(reason.utf8))
        }
    }

    // MARK: reading

    /// Reads the frame that begins at `start`.
    package static func next(in bytes: Span<UInt8>, from start: Int) -> Step {
        let available = bytes.count - start
        guard available >= headerCount else { return .more }
        guard bytes[start] == NativeFrame.magic, bytes[start + 1] == NativeFrame.version,
            let kind = Kind(rawValue: bytes[start + 2])
        else { return .unreadable }
        let end = start + headerCount + Int(bytes.bigEndian(at: start + 4, width: 4))
        guard end <= bytes.count else { return .more }
        var fields = FieldReader(at: start + headerCount, end: end)
        guard let frame = frame(kind, bytes, &fields), fields.atEnd else { return .unreadable }
        return .frame(frame, next: end)
    }

    private static func frame(_ kind: Kind, _ bytes: Span<UInt8>, _ fields: inout FieldReader) -> KeeperFrame? {
        guard let number = fields.integer(bytes, 8) else { return nil }
        switch kind {
        case .letter:
            guard let failings = failings(bytes, &fields), let message = KeptMessage(bytes, &fields) else { return nil }
            return .letter(number: number, message, failings)
        case .note: return note(bytes, &fields).map { .note(number: number, $0) }
        case .kept: return .kept(number)
        case .welcome: return .welcome(last: number)
        case .hello: return fields.integer(bytes, 8).map { .hello(SenderID(high: number, low: $0)) }
        case .replay: return KeptMessage(bytes, &fields).map { .replay(number: number, $0) }
        case .refused: return fields.string(bytes).map { .refused(number: number, $0) }
        }
    }

    private static func failings(_ bytes: Span<UInt8>, _ fields: inout FieldReader) -> Failings? {
        guard let attempts = fields.integer(bytes, 4), let first = fields.integer(bytes, 8),
            let last = fields.integer(bytes, 8), let reason = fields.string(bytes)
        else { return nil }
        return Failings(attempts: UInt32(truncatingIfNeeded: attempts), first: first, last: last, reason: reason)
    }

    private static func note(_ bytes: Span<UInt8>, _ fields: inout FieldReader) -> KeptNote? {
        guard let kind = fields.integer(bytes, 1).flatMap({ KeptNote.Kind(rawValue: UInt8(truncatingIfNeeded: $0)) }),
            let code = fields.integer(bytes, 1), let time = fields.integer(bytes, 8),
            let count = fields.integer(bytes, 8), let subject = fields.string(bytes), let detail = fields.string(bytes)
        else { return nil }
        return KeptNote(
            kind, code: UInt8(truncatingIfNeeded: code), time: time, count: count, subject: subject, detail: detail)
    }
}

extension KeptMessage {
    fileprivate func append(to out: inout [UInt8]) {
        out.appendText(Array(service.utf8))
        for word in [id.log, id.epoch, id.sequence, time] { out.appendBigEndian(word, width: 8) }
        out.append(contentsOf: [wireProtocol, decodedKind])
        for part in [topic, source, decoded, body] { out.appendText(part) }
    }

    fileprivate init?(_ bytes: Span<UInt8>, _ fields: inout FieldReader) {
        guard let service = fields.string(bytes), let log = fields.integer(bytes, 8),
            let epoch = fields.integer(bytes, 8), let sequence = fields.integer(bytes, 8),
            let time = fields.integer(bytes, 8), let kinds = fields.integer(bytes, 2), let topic = fields.text(bytes),
            let source = fields.text(bytes), let decoded = fields.text(bytes), let body = fields.text(bytes)
        else { return nil }
        self.init(
            service: service, id: MessageID(log: log, epoch: epoch, sequence: sequence), time: time,
            wireProtocol: UInt8(truncatingIfNeeded: kinds >> 8), decodedKind: UInt8(truncatingIfNeeded: kinds),
            topic: topic, source: source, decoded: decoded, body: body)
    }
}

extension [UInt8] {
    fileprivate mutating func appendText(_ text: [UInt8]) {
        appendBigEndian(UInt64(text.count), width: 4)
        append(contentsOf: text)
    }
}
