// SPDX-License-Identifier: Apache-2.0
/// What a supervisor knows that neither the ring's regions nor the settings' image tell: what its successor goes on with.
///
/// Made by the running supervisor when it starts another one, and anew when it gives the roles away; both times handed over
/// as a sealed memory file. Header: magic "BLFRHND" and version (8 bytes), length of all (u32), CRC-32C of what follows it
/// (u32); then the fields, little-endian. Behind the length may lie zeros.
/// Invariant: `decode(encoded) == self`, and nothing else than what `encoded` made is ever decoded.

internal import LinuxIO
internal import Ring
package import Segments
package import Wire

package struct HandOverState: Equatable, Sendable {
    /// Grows with every change of what goes over in memory (HandOverCodingTests hold it to that), and with it the number in
    /// belfryd's note: another one can't be taken over, only by way of the store.
    package static let version: UInt8 = 1
    private static let magic: [UInt8] = Array("BLFRHND".utf8)
    private static let headerSize = 16

    /// Which generation the successor is; the first one of a start is 1.
    package var generation: UInt64 = 2
    /// Where the settings are read from, as we were told.
    package var file = ""
    /// The index of the successor's first worker: the ring's other half.
    package var workerBase = Role.half
    /// By slot, the incarnation that it had last; 0 if it was never used.
    package var incarnations = [UInt64](repeating: 0, count: RingGeometry.slots)
    package var account: SupervisorAccount
    /// The UDP socket's counter of drops as of the account.
    package var dropsCounter: UInt32 = 0
    /// Names of the services that an operator has paused.
    package var paused: [String] = []
    /// Something was parked when the ring was made.
    package var startsParked = false
    /// The port's sockets belong to whoever started the first generation.
    package var portIsInherited = false
    /// When the first generation began, monotonic nanoseconds.
    package var began: UInt64 = 0
    /// Processes that were started after the first: the roles' by place, and the keeper's.
    package var restarts: [UInt64] = []
    package var keeperRestarts: UInt64 = 0
    /// What the keeper does not have yet.
    package var notes: [KeptNote] = []
    /// The latest incidents, as `status` shows them.
    package var recent: [KeptNote] = []

    package init(account: SupervisorAccount) { self.account = account }

    // MARK: bytes

    package var encoded: [UInt8] {
        let body = ByteBuffer(capacity: 4_096, limit: .max)
        append(to: body)
        let all = ByteBuffer(capacity: body.count + Self.headerSize, limit: .max)
        all.append(Self.magic)
        all.append(littleEndian: Self.version)
        all.append(littleEndian: UInt32(Self.headerSize + body.count))
        all.append(littleEndian: body.withReadable { CRC32C.of($0) })
        var bytes: [UInt8] = []
        all.withReadable { bytes.append(copying: $0) }
        body.withReadable { bytes.append(copying: $0) }
        return bytes
    }

    private func append(to out: ByteBuffer) {
        out.append(littleEndian: generation)
        out.append(text: file)
        out.append(littleEndian: UInt8(workerBase))
        out.append(list: incarnations) { $0.append(littleEndian: $1) }
        out.append(list: account.bytes) { $0.append(littleEndian: $1) }
        out.append(littleEndian: dropsCounter)
        out.append(list: paused) { $0.append(text: $1) }
        out.append(littleEndian: UInt8(startsParked ? 1 : 0))
        out.append(littleEndian: UInt8(portIsInherited ? 1 : 0))
        out.append(littleEndian: began)
        out.append(list: restarts) { $0.append(littleEndian: $1) }
        out.append(littleEndian: keeperRestarts)
        out.append(list: notes, Self.append)
        out.append(list: recent, Self.append)
    }

    private static func append(to out: ByteBuffer, _ note: KeptNote) {
        out.append(littleEndian: note.kind.rawValue)
        out.append(littleEndian: note.code)
        out.append(littleEndian: note.time)
        out.append(littleEndian: note.count)
        out.append(text: note.subject)
        out.append(text: note.detail)
    }

    package static func decode(_ bytes: Span<UInt8>) throws(HandOverStateError) -> HandOverState {
        guard bytes.count >= headerSize else { throw .truncated }
        for index in magic.indices where bytes[index] != magic[index] { throw .foreign }
        guard bytes[magic.count] == version else { throw .version(bytes[magic.count]) }
        let length = Int(bytes.uint32(at: 8))
        guard length >= headerSize, length <= bytes.count else { throw .truncated }
        let body = bytes.extracting(headerSize..<length)
        guard CRC32C.of(body) == bytes.uint32(at: 12) else { throw .corrupt }
        for index in length..<bytes.count where bytes[index] != 0 { throw .corrupt }
        var fields = FieldReader()
        guard let state = HandOverState(body, &fields), !fields.isBroken, fields.at == body.count else {
            throw .corrupt
        }
        return state
    }

    private init?(_ bytes: Span<UInt8>, _ fields: inout FieldReader) {
        generation = fields.number(bytes)
        file = fields.text(bytes)
        workerBase = Int(fields.uint8(bytes))
        incarnations = fields.list(bytes, least: 8) { $0.number($1) }
        guard let account = SupervisorAccount(fields.bytes(bytes).span) else { return nil }
        self.account = account
        dropsCounter = fields.uint32(bytes)
        paused = fields.list(bytes, least: 4) { $0.text($1) }
        startsParked = fields.flag(bytes)
        portIsInherited = fields.flag(bytes)
        began = fields.uint64(bytes)
        restarts = fields.list(bytes, least: 8) { $0.number($1) }
        keeperRestarts = fields.number(bytes)
        notes = fields.list(bytes, least: 26, Self.note)
        recent = fields.list(bytes, least: 26, Self.note)
        guard generation > 0, workerBase == 0 || workerBase == Role.half, incarnations.count == RingGeometry.slots
        else { return nil }
    }

    private static func note(_ fields: inout FieldReader, _ bytes: Span<UInt8>) -> KeptNote {
        let kind = KeptNote.Kind(rawValue: fields.uint8(bytes))
        if kind == nil { fields.fail() }
        let code = fields.uint8(bytes)
        let (time, count) = (fields.uint64(bytes), fields.uint64(bytes))
        return KeptNote(
            kind ?? .audit, code: code, time: time, count: count, subject: fields.text(bytes),
            detail: fields.text(bytes))
    }
}

/// Why a state was refused.
package enum HandOverStateError: Error, Equatable, CustomStringConvertible {
    /// Shorter than it says, or than a header.
    case truncated
    /// Not a supervisor's state at all.
    case foreign
    /// Of another version of Belfry.
    case version(UInt8)
    case corrupt

    package var description: String {
        switch self {
        case .truncated: "the state that was handed over is cut short"
        case .foreign: "what was handed over as state is something else"
        case .version(let version):
            "the state that was handed over is of version \(version), this belfryd knows \(HandOverState.version)"
        case .corrupt: "the state that was handed over is corrupt"
        }
    }
}
