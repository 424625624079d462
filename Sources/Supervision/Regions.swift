// SPDX-License-Identifier: Apache-2.0
/// The memory that all roles share: the ring's regions R0 to R2, the settings R3, and the supervisor's own views of them.
///
/// Made once by the Supervisor, behind the fence; the roles get descriptors of it, writable only where they write.
/// Invariant: R0 is written through here alone; an R3 is written by nobody any more, what changes is which one is in use;
/// and what R0 says of the slots is what `table` says.

internal import LinuxIO
internal import Ring
internal import Segments
internal import Settings

final class Regions {
    /// New settings with their places, in memory, and not in use yet.
    struct Placed: ~Copyable {
        let settings: Settings
        let table: SlotTable
        let reader: Descriptor
    }

    let ring: RingFiles
    private(set) var settingsReader: Descriptor
    /// Of the settings in use.
    private(set) var version: UInt64 = 0
    let controlReader: Descriptor
    let logReader: Descriptor
    let outcomesReader: Descriptor
    let writer: ControlWriter
    let ledger: RingLedger
    private(set) var table = SlotTable()
    /// What slots that are free again had counted.
    private(set) var past: PastAccounts
    /// What we alone have counted, as the committer is told.
    private(set) var account: SupervisorAccount
    private(set) var accountReader: Descriptor

    /// From when on the ledger counts, ns since 1970.
    var ledgerSince: UInt64 { account.ledgerSince }

    init(_ settings: Settings, _ start: StartingLog) throws {
        let geometry = RingGeometry(ringSize: settings.ring.size)
        try FreeMemory.check(geometry)
        do {
            let now = Clock.realtime()
            ring = try RingFiles(
                creating: geometry, logID: start.found.checkpoint.logID, now: now,
                contents: start.contents(at: now, monotonic: Clock.monotonic()))
        } catch {
            if DescriptorShortage.isCause(of: error) { throw error }
            throw StartFault("ring.size \(settings.ring.size): the memory could not be had: \(error)")
        }
        controlReader = try ring.control.readOnlyDescriptor()
        logReader = try ring.log.readOnlyDescriptor()
        outcomesReader = try ring.outcomes.readOnlyDescriptor()
        settingsReader = try controlReader.duplicate()
        account = SupervisorAccount(ledgerSince: start.found.checkpoint.ledgerSince)
        accountReader = try Self.reader(of: account)
        writer = try ControlWriter(try MemoryFile.map(ring.control.descriptor.raw, writable: true))
        ledger = try RingLedger(
            control: ControlReader(try MemoryFile.map(controlReader.raw, writable: false)),
            log: try MemoryFile.map(logReader.raw, writable: false),
            outcomes: try MemoryFile.map(outcomesReader.raw, writable: false))
        past = start.past
        install(start.table)
        adopt(try place(settings))
        // Before there is an acceptor the head can't move.
        bind(at: ledger.head)
        open()
    }

    /// Takes over those of a predecessor, and changes nothing: who writes to them until then is its.
    /// - Parameter reader: of the image that `settings` were read from.
    init(
        adopting ring: consuming RingFiles, _ settings: Settings, _ reader: consuming Descriptor,
        _ state: HandOverState
    ) throws {
        controlReader = try ring.control.readOnlyDescriptor()
        logReader = try ring.log.readOnlyDescriptor()
        outcomesReader = try ring.outcomes.readOnlyDescriptor()
        account = state.account
        accountReader = try Self.reader(of: account)
        past = PastAccounts(account.past)
        writer = try ControlWriter(try MemoryFile.map(ring.control.descriptor.raw, writable: true))
        ledger = try RingLedger(
            control: ControlReader(try MemoryFile.map(controlReader.raw, writable: false)),
            log: try MemoryFile.map(logReader.raw, writable: false),
            outcomes: try MemoryFile.map(outcomesReader.raw, writable: false))
        version = settings.version
        guard
            let table = try SlotTable(
                resuming: settings.services, incarnations: state.incarnations,
                slot: { [ledger] in try ledger.control.slot($0) })
        else { throw StartFault("the settings that were handed over do not belong to the ring that came with them") }
        self.table = table
        settingsReader = reader
        self.ring = ring
    }

    // MARK: settings

    /// Finds a place for everything, and makes the image. Nothing is changed yet.
    /// - Throws: SlotFault if the ring has no room for the services; SystemCallError.
    func place(_ settings: Settings) throws -> Placed {
        var table = table
        let totals = ledger.intake()
        try table.change(to: settings.services, head: ledger.head) { totals.matched($0) }
        var placed = settings
        placed.version = version + 1
        placed.services = table.services
        let file = try MemoryFile.holding(SettingsImage.encode(placed).span, named: "belfry-settings")
        return Placed(settings: placed, table: table, reader: try file.readOnlyDescriptor())
    }

    /// Puts them to use: roles that are started from now on get them.
    func adopt(_ placed: consuming Placed) {
        let renamed = table.renamed(in: placed.table)
        for name in renamed { past.rename(name.from, to: name.to) }
        version = placed.settings.version
        install(placed.table)
        settingsReader = placed.takeReader()
    }

    /// The acceptor goes by the settings in use from this head on.
    func bind(at head: UInt64) {
        var bound = table
        bound.bind(at: head)
        install(bound)
    }

    /// Everybody goes by the settings in use.
    func open() { table.open() }

    private func install(_ new: SlotTable) {
        for index in new.indices {
            if let slot = new[index]?.slot, slot != table[index]?.slot {
                writer.install(slot, at: index)
                FaultPoint.reach(.slotsInstalled)
            }
        }
        table = new
        holdBack()
    }

    // MARK: the account

    /// Brings the account up to date.
    /// - Returns: whether anything has changed.
    func keepAccount(kernelDropped: UInt64) throws -> Bool {
        var new = account
        new.kernelDropped = kernelDropped
        new.slotsFreed = ledger.control.slotsFreed
        new.past = past.stored
        guard new != account else { return false }
        accountReader = try Self.reader(of: new)
        account = new
        return true
    }

    /// Goes on from an account that a predecessor has told later than at our start.
    func adopt(_ account: SupervisorAccount) {
        guard let reader = try? Self.reader(of: account) else { return }
        accountReader = reader
        self.account = account
        past = PastAccounts(account.past)
    }

    private static func reader(of account: SupervisorAccount) throws -> Descriptor {
        try MemoryFile.holding(account.bytes.span, named: "belfry-account").readOnlyDescriptor()
    }

    // MARK: slots that retire

    /// Whether a slot that retires has nothing pending any more, neither in the ring nor in parked segments.
    func isResolved(_ index: Int) -> Bool {
        guard let slot = table[index]?.slot, slot.state == .retiring, slot.retiringAt != .max else { return false }
        return ledger.isDone(below: slot.retiringAt, slot, at: index)
    }

    /// Lets go of a slot that is resolved, and of which nobody holds a shard; what it has counted stays under its name.
    func free(_ index: Int) throws {
        guard let (slot, counts) = try ledger.service(at: index) else { return }
        past.add(counts, to: slot.name)
        for shard in 0..<slot.shards { writer.grant(slot: index, shard: shard, to: nil) }
        writer.free(slot: index)
        FaultPoint.reach(.slotFreed)
        table.free(index)
        holdBack()
    }

    private func holdBack() {
        for index in table.indices { writer.setHeldBack(table.isHeldBack(index), slot: index) }
    }

    /// Gives all that is pending in the ring the outcome `shutdown`; what is parked is safe. Only when every role is dead:
    /// then the leases are ours.
    func settleAll() throws {
        let page = try MemoryFile(named: "belfry-page-last", size: ProcessPage.size)
        let worker = try RingWorker(
            control: ControlReader(try MemoryFile.map(controlReader.raw, writable: false)),
            log: try MemoryFile.map(logReader.raw, writable: false),
            outcomes: try MemoryFile.map(ring.outcomes.descriptor.raw, writable: true),
            page: ProcessPage(try MemoryFile.map(page.descriptor.raw, writable: true)),
            acceptorPage: ProcessPage(try MemoryFile.map(page.descriptor.raw, writable: false)))
        for index in table.indices {
            for shard in 0..<(table[index]?.slot.shards ?? 0) {
                try worker.lease(slot: index, shard: shard).settleAll(to: worker.head, .shutdown)
            }
        }
    }
}

extension Regions.Placed {
    consuming func takeReader() -> Descriptor { reader }
}
