// SPDX-License-Identifier: Apache-2.0
/// The bytes of the messages between supervisor and roles.
///
/// Used by RoleChannel.
/// Invariant: every length is held against what is there before anything is read; text is UTF-8, or no message.

extension RoleMessage {
    package var encoded: [UInt8] {
        switch self {
        case .ready(let version): [Kind.ready.rawValue] + Self.bytes(version)
        case .drained: [Kind.drained.rawValue]
        case .drain(let deadline, let keep): [Kind.drain.rawValue] + Self.bytes(deadline) + [keep ? 1 : 0]
        case .stop: [Kind.stop.rawValue]
        case .applied(let version): [Kind.applied.rawValue] + Self.bytes(version)
        case .resolved(let slot): [Kind.resolved.rawValue, slot]
        case .settings: [Kind.settings.rawValue]
        case .workerPage(let index): [Kind.workerPage.rawValue, index]
        case .workerBell(let index): [Kind.workerBell.rawValue, index]
        case .tight: [Kind.tight.rawValue]
        case .spill: [Kind.spill.rawValue]
        case .stored: [Kind.stored.rawValue]
        case .account: [Kind.account.rawValue]
        case .keeperWanted: [Kind.keeperWanted.rawValue]
        case .keeper: [Kind.keeper.rawValue]
        case .handOver: [Kind.handOver.rawValue]
        case .prepared: [Kind.prepared.rawValue]
        case .handedOver: [Kind.handedOver.rawValue]
        case .keeping(let place): [Kind.keeping.rawValue, place]
        case .ask(let question):
            [Kind.ask.rawValue] + Self.bytes(question.ticket) + [question.isTelnet ? 1 : 0]
                + [UInt8(question.asker.utf8.count)] + Array(question.asker.utf8) + Array(question.line.utf8)
        case .answered(let ticket): [Kind.answered.rawValue] + Self.bytes(ticket)
        case .trouble(let words): [Kind.trouble.rawValue] + Array(words.utf8)
        case .incident(let incident):
            [Kind.incident.rawValue, incident.kind.rawValue] + Self.bytes(incident.count)
                + [UInt8(incident.process.utf8.count)] + Array(incident.process.utf8) + Array(incident.detail.utf8)
        }
    }

    package init?(decoding bytes: Span<UInt8>) {
        guard bytes.count > 0, let kind = Kind(rawValue: bytes[0]) else { return nil }
        guard bytes.count == kind.count || kind.endsWithText && bytes.count > kind.count else { return nil }
        switch kind {
        case .ready: self = .ready(settingsVersion: Self.number(bytes))
        case .applied: self = .applied(settingsVersion: Self.number(bytes))
        case .drained: self = .drained
        case .drain:
            guard bytes[9] <= 1 else { return nil }
            self = .drain(deadline: Self.number(bytes), keepSocketQueue: bytes[9] == 1)
        case .stop: self = .stop
        case .resolved: self = .resolved(slot: bytes[1])
        case .settings: self = .settings
        case .workerPage: self = .workerPage(index: bytes[1])
        case .workerBell: self = .workerBell(index: bytes[1])
        case .tight: self = .tight
        case .spill: self = .spill
        case .stored: self = .stored
        case .account: self = .account
        case .keeperWanted: self = .keeperWanted
        case .keeper: self = .keeper
        case .handOver: self = .handOver
        case .prepared: self = .prepared
        case .handedOver: self = .handedOver
        case .keeping: self = .keeping(place: bytes[1])
        case .answered: self = .answered(ticket: Self.number(bytes))
        case .ask, .trouble, .incident: self.init(kind, withText: bytes)
        }
    }

    private init?(_ kind: Kind, withText bytes: Span<UInt8>) {
        switch kind {
        case .ask:
            let split = kind.count + Int(bytes[10])
            guard bytes[9] <= 1, split <= bytes.count,
                let asker = Self.text(bytes.extracting(0..<split), from: kind.count),
                let line = Self.text(bytes, from: split)
            else { return nil }
            self = .ask(KeeperQuestion(ticket: Self.number(bytes), asker: asker, isTelnet: bytes[9] == 1, line: line))
        case .incident:
            let split = kind.count + Int(bytes[10])
            guard let what = Incident.Kind(rawValue: bytes[1]), split <= bytes.count,
                let process = Self.text(bytes.extracting(0..<split), from: kind.count),
                let detail = Self.text(bytes, from: split)
            else { return nil }
            let count = Self.number(bytes.extracting(1..<bytes.count))
            self = .incident(Incident(what, process, detail, count: count))
        default:
            guard let words = Self.text(bytes, from: kind.count) else { return nil }
            self = .trouble(words)
        }
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// The number behind the first byte.
    private static func number(_ bytes: Span<UInt8>) -> UInt64 {
        UInt64(number32(bytes, at: 1)) | UInt64(number32(bytes, at: 5)) << 32
    }

    private static func number32(_ bytes: Span<UInt8>, at start: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in 0..<4 { value |= UInt32(bytes[start + index]) << UInt32(8 * index) }
        return value
    }

    private static func text(_ bytes: Span<UInt8>, from start: Int) -> String? {
        var copy: [UInt8] = []
        for index in start..<bytes.count { copy.append(bytes[index]) }
        return String(validating: copy, as: UTF8.self)
    }
}
