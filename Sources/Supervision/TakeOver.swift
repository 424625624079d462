// SPDX-License-Identifier: Apache-2.0
/// What a supervisor has of the predecessor that it takes over from: the channel, the state, the former roles.
///
/// Made at the start of a successor, held by its Supervisor until nothing of the predecessor is left; what is done with it is
/// in Supervisor+TakeOver.
/// Invariant: a former role is here from the predecessor's `yours` until it is gone.

internal import Control
internal import HotRestart
internal import LinuxIO
internal import Reactor
internal import Segments
internal import Settings

final class TakeOver {
    let channel: HandOverChannel
    var watch: Watch?
    var plan = TakeOverPlan()
    /// As it was when we were started, and then as it was when the predecessor stopped acting.
    var state = HandOverState(account: SupervisorAccount(ledgerSince: 0))
    var former: [FormerRole] = []
    /// A process of which the channel has not come yet.
    private var arriving: Arriving?
    /// The predecessor's keeper, which has to end before there is another one.
    private var keeper: ProcessDescriptor?
    /// Our end of the connection over which our acceptor takes over from the former one, until that has it.
    var acceptorsSocket: Descriptor?
    private var pair: SocketPair?
    /// What is to be written down, as the predecessor wants it.
    var record: UpdateRecord?
    /// When ours must have taken over, monotonic nanoseconds.
    var acceptorDeadline = UInt64.max
    /// The predecessor knows that our acceptor has everything.
    var hasToldTookOver = false
    /// When the former workers have had their time, monotonic nanoseconds.
    var drainDeadline = UInt64.max
    /// We are to end as soon as the former workers have gone.
    var endAsked: (why: String, who: String)?
    /// The pages and bells of the former workers, by index.
    private var desks: [Int: RoleDesk] = [:]

    private struct Arriving: ~Copyable {
        let role: Role
        let process: ProcessDescriptor
    }

    init(_ channel: consuming HandOverChannel) { self.channel = channel }

    /// Takes the state, and the pages and bells of the former workers.
    func adopt(_ inherited: InheritedDescriptors) throws {
        // What we run from; it was opened for us.
        _ = inherited.take("image")
        state = try Self.read(state: inherited.require("state"))
        for name in inherited.names where name.hasPrefix("page-") {
            guard let index = Int(name.dropFirst(5)), (0..<2 * Role.half).contains(index) else { continue }
            desks[index] = try Self.desk(.worker(index), inherited)
        }
    }

    var formerDesks: [RoleDesk] { desks.values.sorted { $0.role.place < $1.role.place } }

    func former(_ role: Role) -> FormerRole? { former.first { $0.role == role } }

    var hasKeeper: Bool { keeper != nil }

    /// If it has ended: there may be another one.
    func forgetKeeper() { if keeper?.hasEnded() ?? false { keeper = nil } }

    /// Makes a connection between our acceptor and the former one, if there is one to take over from.
    /// - Returns: our acceptor's end.
    func connectAcceptors() throws -> CInt? {
        guard plan.stage == .replacing, let former = former(.acceptor), !former.hasEnded else { return nil }
        pair = try SocketPair.make()
        return pair?.theirs.raw
    }

    /// Our acceptor has its end.
    func leaveAcceptorsEnd() {
        guard let made = pair.take() else { return }
        acceptorsSocket = made.takeOurs()
    }

    // MARK: what the predecessor sends

    func arrives(_ party: HandOverMessage.Party, _ descriptor: consuming Descriptor) {
        let process = ProcessDescriptor(pid: party.pid, owning: descriptor)
        if let role = party.role {
            arriving = Arriving(role: role, process: process)
        } else {
            keeper = consume process
        }
    }

    /// - Returns: false if it is not of the process that has come last.
    func arrives(channelOf role: Role, _ descriptor: consuming Descriptor, _ version: UInt64) -> Bool {
        guard let arrived = arriving.take(), arrived.role == role else { return false }
        let process = RoleProcess(
            arrived.process, RoleChannel(owning: descriptor), since: Clock.monotonic(), given: version)
        former.append(FormerRole(role, process, role.worker.flatMap { desks[$0] }))
        return true
    }

    /// What came of it: a predecessor that has died could not say so.
    var lastRecord: UpdateRecord? {
        if let record { return record }
        guard var record = state.notes.compactMap(UpdateRecord.init).last, record.verdict == nil else { return nil }
        record.verdict = .committed
        record.reason = "the belfryd that was to hand over died meanwhile; the new one went on"
        return record
    }

    static func read(record file: borrowing Descriptor) throws -> UpdateRecord? {
        let memory = try MemoryFile.map(file.raw, writable: false)
        return memory.withSpan(0, memory.count) { bytes in
            JSONValue(document: bytes.indices.map { bytes[$0] }).flatMap(UpdateRecord.init)
        }
    }

    // MARK: inherited

    static func desk(_ role: Role, _ inherited: InheritedDescriptors) throws -> RoleDesk {
        let name = role.worker.map(String.init) ?? role.description
        return try RoleDesk(
            role, adopting: MemoryFile(owning: inherited.require("page-\(name)")),
            bell: EventCounter(owning: inherited.require("bell-\(name)")))
    }

    static func read(state file: borrowing Descriptor) throws -> HandOverState {
        let memory = try MemoryFile.map(file.raw, writable: false)
        return try memory.withSpan(0, memory.count) { try HandOverState.decode($0) }
    }

    static func read(settings file: borrowing Descriptor) throws -> Settings {
        let image = try MemoryFile.map(file.raw, writable: false)
        return try image.withSpan(0, image.count) { try SettingsImage.decode($0) }
    }
}
