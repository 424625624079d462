// SPDX-License-Identifier: Apache-2.0
/// The entry of a process that belfryd's supervisor started as `belfryd committer`.
///
/// It takes what it was handed by name, and writes until it is told to end or there is nothing left to do.
/// Invariant: it says `ready` only when all is mapped and the folder was read, `stored` only when all that it was asked to
/// store is on the disk; when the supervisor is gone it ends at once.

import Control
import HotRestart
import LinuxIO
import Logging
import Ring
import Segments
import Settings

package enum CommitterRole {
    /// How long it waits for the supervisor's last word when it has nothing to do any more, nanoseconds.
    private static let lastWord: UInt64 = 1_000_000_000

    /// - Returns: the exit status: 0, or 1 if it can't start, go on, or store what it was asked to.
    package static func run() -> CInt {
        let logger = Logger(label: "belfryd.committer")
        do {
            CurrentProcess.setName("belfryd-commit")
            Signal.ignoreBrokenPipes()
            // A terminal or a service manager may tell the whole group to end; here the supervisor alone decides.
            _ = try SignalDescriptor(blocking: [Signal.terminate, Signal.interrupt, Signal.hangup])
            return try serve(logger)
        } catch {
            logger.critical("\(error)")
            return 1
        }
    }

    private static func serve(_ logger: Logger) throws -> CInt {
        let inherited = try InheritedDescriptors.adopt()
        let channel = RoleChannel(owning: try inherited.require("channel"))
        // Held as long as we map something, and for nothing else.
        let fence = try inherited.require("fence")
        let (committer, version) = try makeCommitter(inherited, logger)
        try inherited.finish()
        try CurrentProcess.forbidNewRights()
        _ = try committer.loop.watch(channel.raw, CommitterToken.channel, .readable)
        CurrentProcess.forgetStart()
        _ = channel.send(.ready(settingsVersion: version))
        repeat { try work(committer, channel) } while try isAskedForMore(committer, channel)
        _ = consume fence
        return committer.hasWorked ? 0 : 1
    }

    private static func work(_ committer: Committer, _ channel: borrowing RoleChannel) throws {
        while !committer.isFinished {
            let hasChannel = try committer.step()
            while let message = committer.nextMessage() { _ = channel.send(message) }
            if hasChannel { try obey(channel, committer) }
        }
    }

    /// It has stored everything, or ended for want of work, and says which; a request to store may be on its way.
    private static func isAskedForMore(_ committer: Committer, _ channel: borrowing RoleChannel) throws -> Bool {
        if committer.hasStored { _ = channel.send(.stored) }
        guard committer.hasRested else { return false }
        _ = channel.send(.drained)
        if try committer.linger(until: Clock.monotonic() + lastWord) { try obey(channel, committer) }
        return !committer.isFinished
    }

    private static func obey(_ channel: borrowing RoleChannel, _ committer: Committer) throws {
        while true {
            switch channel.receive() {
            case .message(.spill): committer.storeEverything()
            case .message(.stop): committer.stop()
            // Not for us, or of a version that we do not know.
            case .message: continue
            case .passed(let message, let descriptor): try take(message, descriptor, committer, channel)
            case .malformed: continue
            case .wouldBlock: return
            // The supervisor is gone.
            case .closed: return committer.stop()
            case .failed: return committer.stop()
            }
        }
    }

    private static func take(
        _ message: RoleMessage, _ descriptor: consuming Descriptor, _ committer: Committer,
        _ channel: borrowing RoleChannel
    ) throws {
        switch message {
        case .settings:
            let image = try bytes(descriptor)
            committer.takeOver(settings: image)
            _ = channel.send(.applied(settingsVersion: try SettingsImage.decode(image.span).version))
        case .account: committer.takeOver(try account(descriptor))
        case .workerPage(let index):
            committer.set(
                page: try ProcessPage(MemoryFile.map(descriptor.raw, writable: false)), ofWorker: Int(index))
        case .workerBell(let index): committer.set(bell: EventCounter(owning: descriptor), ofWorker: Int(index))
        default: break
        }
    }

    // MARK: what was handed over

    private static func makeCommitter(
        _ inherited: InheritedDescriptors, _ logger: Logger
    ) throws -> (Committer, settingsVersion: UInt64) {
        let image = try bytes(inherited.require("settings"))
        let settings = try SettingsImage.decode(image.span)
        let reader = try RingReader(
            control: ControlReader(map("control", inherited)), log: map("log", inherited),
            outcomes: map("outcomes", inherited), acceptorPage: ProcessPage(map("acceptor-page", inherited)))
        let page = try CommitterPage(map("page", inherited, writable: true))
        let bell = try inherited.require("bell")
        let acceptorBell = try inherited.require("acceptor-bell")
        let folder = try inherited.require("segments")
        let parts = CommitterParts(
            reader: reader, page: page, workers: try workers(inherited), bell: EventCounter(owning: bell),
            acceptorBell: EventCounter(owning: acceptorBell),
            folder: SegmentFolder(FolderStorage(owning: folder)),
            mode: settings.ring.durability == .disk ? .disk : .memory,
            account: try account(inherited.require("account")), settings: image, logger: logger)
        return (try Committer(parts), settings.version)
    }

    /// Pages and bells of workers, whatever indices they have.
    private static func workers(_ inherited: InheritedDescriptors) throws -> WorkerBells {
        let workers = WorkerBells()
        for index in inherited.names.compactMap({ $0.hasPrefix("page-") ? Int($0.dropFirst(5)) : nil }) {
            workers.set(page: try ProcessPage(map("page-\(index)", inherited)), at: index)
            workers.set(bell: EventCounter(owning: try inherited.require("bell-\(index)")), at: index)
        }
        workers.settle()
        return workers
    }

    private static func map(
        _ name: String, _ inherited: InheritedDescriptors, writable: Bool = false
    ) throws -> MappedMemory {
        let file = try inherited.require(name)
        return try MemoryFile.map(file.raw, writable: writable)
    }

    private static func bytes(_ file: consuming Descriptor) throws -> [UInt8] {
        let memory = try MemoryFile.map(file.raw, writable: false)
        var bytes: [UInt8] = []
        memory.withSpan(0, memory.count) { bytes.append(copying: $0) }
        return bytes
    }

    private static func account(_ file: consuming Descriptor) throws -> SupervisorAccount {
        let bytes = try bytes(file)
        guard let account = SupervisorAccount(bytes.span) else { throw CommitterError.account }
        return account
    }
}

/// What keeps a committer from starting, beside what its parts throw.
enum CommitterError: Error, Equatable, CustomStringConvertible {
    /// The supervisor's account is none.
    case account

    var description: String {
        switch self {
        case .account: "the supervisor's account can't be read: it is of another version; restart belfryd"
        }
    }
}
