// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// What an acceptor and its successor say to each other: length (u32, of what is behind it), kind, fields, little-endian.
///
/// Sent by HandOver, read by TakeOver; the other way only `taken` goes. A connection's descriptor comes beside its frame.
/// Invariant: no length is believed before it was held against what may be; what is not a frame is told apart from what
/// is not there yet.
package enum HandOverFrame: Equatable, Sendable {
    /// predecessor → successor, first of all: it takes nothing from anybody any more, and everything is published.
    case frozen(FrozenAcceptor)
    /// predecessor → successor: one of its connections.
    case connection(HandedConnection)
    /// successor → predecessor: it has all of them, and has not touched any.
    case taken

    package enum Step: Equatable, Sendable {
        /// And so many bytes are done with.
        case frame(HandOverFrame, Int)
        case more
        case unreadable
    }

    /// Of everything that goes over in memory; one number with Supervision's HandOverState and belfryd's note.
    package static let version: UInt32 = 1
    private static let headerCount = 5
    fileprivate static let frozenCount = 40

    private enum Kind {
        static let frozen: UInt8 = 1
        static let connection: UInt8 = 2
        static let taken: UInt8 = 3
    }

    package func append(to buffer: ByteBuffer) {
        switch self {
        case .frozen(let frozen):
            Self.begin(Kind.frozen, Self.frozenCount, buffer)
            buffer.append(littleEndian: frozen.version)
            buffer.append(littleEndian: frozen.connections)
            for word in [frozen.settingsVersion, frozen.head, frozen.moment, frozen.stalledSince] {
                buffer.append(littleEndian: word)
            }
        case .connection(let connection):
            Self.begin(Kind.connection, connection.byteCount, buffer)
            connection.append(to: buffer)
        case .taken: Self.begin(Kind.taken, 0, buffer)
        }
    }

    private static func begin(_ kind: UInt8, _ count: Int, _ buffer: ByteBuffer) {
        buffer.append(littleEndian: UInt32(count + 1))
        buffer.append([kind])
    }

    /// The first frame. `limit`: the most bytes that one may have.
    package static func next(in bytes: Span<UInt8>, limit: Int) -> Step {
        guard bytes.count >= headerCount else { return .more }
        let end = 4 + Int(bytes.uint32(at: 0))
        guard end >= headerCount, end <= limit else { return .unreadable }
        guard bytes.count >= end else { return .more }
        let fields = bytes.extracting(headerCount..<end)
        switch bytes[4] {
        case Kind.frozen where fields.count >= 4:
            return FrozenAcceptor(fields).map { .frame(.frozen($0), end) } ?? .unreadable
        case Kind.connection: return HandedConnection(fields).map { .frame(.connection($0), end) } ?? .unreadable
        case Kind.taken where fields.isEmpty: return .frame(.taken, end)
        default: return .unreadable
        }
    }
}

/// An acceptor that hands over, as it stands.
package struct FrozenAcceptor: Equatable, Sendable {
    package var version = HandOverFrame.version
    /// How many of them will come.
    package var connections: UInt32
    /// What it routes by.
    package var settingsVersion: UInt64
    /// What it has published.
    package var head: UInt64
    /// Since when it takes nothing, ns of the monotonic clock.
    package var moment: UInt64
    /// Since when the first of those that wait for space is the first; 0 if nobody waits.
    package var stalledSince: UInt64

    package init(connections: UInt32, settingsVersion: UInt64, head: UInt64, moment: UInt64, stalledSince: UInt64) {
        self.connections = connections
        self.settingsVersion = settingsVersion
        self.head = head
        self.moment = moment
        self.stalledSince = stalledSince
    }

    /// One of another version may have other fields: it is read as far as that.
    fileprivate init?(_ fields: Span<UInt8>) {
        let version = fields.uint32(at: 0)
        guard version == HandOverFrame.version else {
            self.init(connections: 0, settingsVersion: 0, head: 0, moment: 0, stalledSince: 0)
            self.version = version
            return
        }
        guard fields.count == HandOverFrame.frozenCount else { return nil }
        self.init(
            connections: fields.uint32(at: 4), settingsVersion: fields.uint64(at: 8), head: fields.uint64(at: 16),
            moment: fields.uint64(at: 24), stalledSince: fields.uint64(at: 32))
    }
}
