// SPDX-License-Identifier: Apache-2.0
/// The memory that all roles share: the ring's regions R0 to R2, the settings R3, and the supervisor's own views of them.
///
/// Made once by the Supervisor, behind the fence; the roles get descriptors of it, writable only where they write.
/// Invariant: R0 is written through `writer` alone, and R3 by nobody any more.

internal import LinuxIO
internal import Ring
internal import Settings

final class Regions {
    let ring: RingFiles
    let settings: MemoryFile
    let controlReader: Descriptor
    let logReader: Descriptor
    let outcomesReader: Descriptor
    let settingsReader: Descriptor
    let writer: ControlWriter
    let ledger: RingLedger
    let slots: [ServiceSlot]

    init(_ settings: Settings, image: [UInt8]) throws {
        do {
            slots = try SlotLayout.slots(for: settings.services)
        } catch {
            throw StartFault("\(error)")
        }
        self.settings = try MemoryFile.holding(image.span, named: "belfry-settings")
        settingsReader = try self.settings.readOnlyDescriptor()
        let geometry = RingGeometry(ringSize: settings.ring.size)
        try FreeMemory.check(geometry)
        var random = SystemRandomNumberGenerator()
        do {
            ring = try RingFiles(
                creating: geometry, logID: UInt64.random(in: 1...(.max), using: &random), now: Clock.realtime())
        } catch {
            throw StartFault("ring.size \(settings.ring.size): the memory could not be had: \(error)")
        }
        controlReader = try ring.control.readOnlyDescriptor()
        logReader = try ring.log.readOnlyDescriptor()
        outcomesReader = try ring.outcomes.readOnlyDescriptor()
        writer = try ControlWriter(try MemoryFile.map(ring.control.descriptor.raw, writable: true))
        for (index, slot) in slots.enumerated() { writer.install(slot, at: index) }
        ledger = try RingLedger(
            control: ControlReader(try MemoryFile.map(controlReader.raw, writable: false)),
            log: try MemoryFile.map(logReader.raw, writable: false),
            outcomes: try MemoryFile.map(outcomesReader.raw, writable: false))
    }

    /// Every shard of every service, in the order of the slots.
    var shards: [LeaseTable.Shard] {
        slots.enumerated().flatMap { slot, service in
            (0..<service.shards).map { LeaseTable.Shard(slot: slot, shard: $0) }
        }
    }

    /// Gives all that is pending the outcome `shutdown`. Only when every role is dead: then the leases are ours.
    func settleAll() throws {
        let page = try MemoryFile(named: "belfry-page-last", size: ProcessPage.size)
        let worker = try RingWorker(
            control: ControlReader(try MemoryFile.map(controlReader.raw, writable: false)),
            log: try MemoryFile.map(logReader.raw, writable: false),
            outcomes: try MemoryFile.map(ring.outcomes.descriptor.raw, writable: true),
            page: ProcessPage(try MemoryFile.map(page.descriptor.raw, writable: true)),
            acceptorPage: ProcessPage(try MemoryFile.map(page.descriptor.raw, writable: false)))
        for shard in shards {
            try worker.lease(slot: shard.slot, shard: shard.shard).settleAll(to: worker.head, .shutdown)
        }
    }
}
