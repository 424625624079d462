// SPDX-License-Identifier: Apache-2.0
/// What two supervisors tell each other while one takes over from the other: one packet, one message.
///
/// Sent over HandOverChannel, which holds each message to whether a descriptor must come with it.
/// Invariant: `init(decoding:)` takes exactly what `encoded` makes, and nothing that is longer or shorter.
/// An update through the store is between any two versions: `serving`, `failed`, `commit` and `record` never change.

package enum HandOverMessage: Equatable, Sendable {
    /// A process of one of the two: a role's, or nil for the keeper's.
    package struct Party: Equatable, Sendable {
        package var role: Role?
        package var pid: CInt

        package init(_ role: Role?, pid: CInt) {
            self.role = role
            self.pid = pid
        }
    }

    // From the predecessor.

    /// With a memory file: its HandOverState as it is now that it stops acting.
    case state
    /// With a pidfd: a process of its own that goes over to the successor.
    case process(Party)
    /// With the supervisor's end of that role's channel.
    case channel(Role)
    /// All of that has been sent: from here on the successor acts.
    case yours
    /// A worker that went over is dead and nothing is left of what it had started.
    case cleared(worker: Int)
    /// With a memory file: what is to be written down of all this.
    case record
    /// The successor is the service's main process.
    case commit

    // From the successor.

    /// Everything is mapped and checked, nothing is touched.
    case prepared
    /// With a pidfd: a process that it has started.
    case launched(Party)
    /// Its acceptor has taken over the port and so many connections.
    case tookOver(connections: UInt32)
    /// All of its roles work.
    case serving
    /// It can't go on, and ends.
    case failed(String)

    /// Bytes of the longest message.
    package static let maximumCount = 1_024

    private enum Kind: UInt8 {
        case state = 1
        case process = 2
        case channel = 3
        case yours = 4
        case cleared = 5
        case commit = 6
        case record = 7
        case prepared = 17
        case launched = 18
        case tookOver = 19
        case serving = 20
        case failed = 21
    }

    package var carriesDescriptor: Bool {
        switch self {
        case .state, .process, .channel, .launched, .record: true
        case .yours, .cleared, .commit, .prepared, .tookOver, .serving, .failed: false
        }
    }

    // MARK: bytes

    package var encoded: [UInt8] {
        switch self {
        case .state: [Kind.state.rawValue]
        case .process(let party): [Kind.process.rawValue] + Self.bytes(party)
        case .channel(let role): [Kind.channel.rawValue, Self.code(role)]
        case .yours: [Kind.yours.rawValue]
        case .cleared(let worker): [Kind.cleared.rawValue, UInt8(worker)]
        case .record: [Kind.record.rawValue]
        case .commit: [Kind.commit.rawValue]
        case .prepared: [Kind.prepared.rawValue]
        case .launched(let party): [Kind.launched.rawValue] + Self.bytes(party)
        case .tookOver(let connections): [Kind.tookOver.rawValue] + Self.bytes(connections)
        case .serving: [Kind.serving.rawValue]
        case .failed(let words): [Kind.failed.rawValue] + Self.cut(words)
        }
    }

    package init?(decoding bytes: Span<UInt8>) {
        guard bytes.count > 0, let kind = Kind(rawValue: bytes[0]) else { return nil }
        switch (kind, bytes.count) {
        case (.state, 1): self = .state
        case (.yours, 1): self = .yours
        case (.record, 1): self = .record
        case (.commit, 1): self = .commit
        case (.prepared, 1): self = .prepared
        case (.serving, 1): self = .serving
        case (.channel, 2):
            guard let party = Self.role(bytes[1]), let role = party else { return nil }
            self = .channel(role)
        case (.cleared, 2) where Int(bytes[1]) < 2 * Role.half: self = .cleared(worker: Int(bytes[1]))
        case (.tookOver, 5): self = .tookOver(connections: Self.number(bytes, at: 1))
        case (.process, 6), (.launched, 6):
            guard let role = Self.role(bytes[1]) else { return nil }
            let party = Party(role, pid: CInt(bitPattern: Self.number(bytes, at: 2)))
            guard party.pid > 0 else { return nil }
            self = kind == .process ? .process(party) : .launched(party)
        case (.failed, 2...Self.maximumCount):
            let text = bytes.indices.dropFirst().map { bytes[$0] }
            guard let words = String(validating: text, as: UTF8.self) else { return nil }
            self = .failed(words)
        default: return nil
        }
    }

    private static func bytes(_ party: Party) -> [UInt8] {
        [party.role.map(code) ?? Code.keeper] + bytes(UInt32(bitPattern: party.pid))
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }

    private static func number(_ bytes: Span<UInt8>, at start: Int) -> UInt32 {
        (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
    }

    /// Of a worker it is its index.
    private enum Code {
        static let acceptor: UInt8 = 253
        static let committer: UInt8 = 254
        static let keeper: UInt8 = 255
    }

    private static func code(_ role: Role) -> UInt8 {
        switch role {
        case .acceptor: Code.acceptor
        case .committer: Code.committer
        case .worker(let index): UInt8(index)
        }
    }

    /// nil if it is none; nil inside if it is the keeper.
    private static func role(_ code: UInt8) -> Role?? {
        switch code {
        case Code.acceptor: .some(.acceptor)
        case Code.committer: .some(.committer)
        case Code.keeper: .some(nil)
        default: Int(code) < 2 * Role.half ? .some(.worker(Int(code))) : nil
        }
    }

    /// Words as long as a message may be, and never none.
    private static func cut(_ words: String) -> [UInt8] {
        var text = words.isEmpty ? "no reason was told" : words
        while text.utf8.count > maximumCount - 1 { text.removeLast() }
        return Array(text.utf8)
    }
}
