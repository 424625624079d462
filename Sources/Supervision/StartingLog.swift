// SPDX-License-Identifier: Apache-2.0
/// The log that a start goes on with: what recovery found in the state folder, as slots, ring and words for the operator.
///
/// Used by the Supervisor before there is a ring; Regions is made of it.
/// Invariant: every slot that has something pending stays, with the definition that it had last; a slot of which none is
/// known any more lets go of what waits for it, and says so.

internal import Control
internal import LinuxIO
internal import Logging
internal import Ring
internal import Segments
internal import Settings
internal import Wire

struct StartingLog {
    let found: RecoveredLog
    /// As they were when belfryd ended.
    let table: SlotTable
    let past: PastAccounts
    /// Services that have something pending and no definition.
    private var undefined: [String] = []

    /// - Parameter services: of the settings, for services of which the folder holds no definition that can be read.
    init(_ found: RecoveredLog, _ services: [Settings.Service]) {
        self.found = found
        past = PastAccounts(found.checkpoint.past)
        let known = (try? SettingsImage.decode(found.checkpoint.settings.span))?.services ?? []
        var entries: [(index: Int, entry: SlotTable.Entry)] = []
        for place in found.checkpoint.slots {
            let service =
                known.first { $0.placement?.slot == place.index && $0.placement?.incarnation == place.slot.incarnation }
                ?? known.first { $0.name == place.slot.name } ?? services.first { $0.name == place.slot.name }
            var entry = SlotTable.Entry(
                slot: place.slot, service: service ?? Settings.Service(name: place.slot.name, topics: [], command: []))
            entry.service.placement = nil
            if place.slot.state == .retiring || service == nil {
                let state = service.map { $0.placement?.state ?? .draining } ?? .dropping
                entry.state = state == .active ? .draining : state
                entry.slot.state = .retiring
                entry.slot.retiringAt = min(entry.slot.retiringAt, found.next)
            }
            if service == nil { undefined.append(place.slot.name) }
            entries.append((place.index, entry))
        }
        table = SlotTable(resuming: entries)
    }

    /// What the ring begins with.
    /// - Parameters: `now`: ns since 1970. `monotonic`: the monotonic clock's, at the same moment.
    func contents(at now: UInt64, monotonic: UInt64) -> RingContents {
        let checkpoint = found.checkpoint
        let offset = max(now, checkpoint.time) &- monotonic
        var contents = RingContents()
        contents.epoch = checkpoint.epoch
        contents.next = checkpoint.head
        contents.totals = checkpoint.intake.totals
        contents.senders = checkpoint.senders.map { ($0.id, $0.last, $0.used) }
        contents.slots = checkpoint.slots.map { place in
            .init(
                index: place.index, slot: place.slot,
                shards: place.shards.map { $0.state(incarnation: place.slot.incarnation, offset: offset) })
        }
        return contents
    }
}

// MARK: from the folder

extension StartingLog {
    /// Recovers what the folder holds.
    /// - Parameters: `segments`: the folder. `path`: of it, for the operator.
    init(_ segments: borrowing Descriptor, _ path: String, _ settings: Settings) throws {
        var random = SystemRandomNumberGenerator()
        do {
            let folder = SegmentFolder(FolderStorage(owning: try segments.duplicate()))
            let found = try Recovery.run(
                folder, mode: settings.ring.durability == .disk ? .disk : .memory, now: Clock.realtime(),
                newLog: UInt64.random(in: 1...(.max), using: &random))
            self.init(found, settings.services)
        } catch let fault as SegmentFault {
            throw Self.fault(fault, path)
        }
    }

    /// What a file that can't be read or written means for a start.
    static func fault(_ fault: SegmentFault, _ path: String) -> StartFault {
        guard let error = fault.call else { return StartFault("state folder: \(fault)") }
        if let shortage = DescriptorShortage(fault) {
            return StartFault("\(path)/\(fault.file): \(error); \(shortage.remedy)")
        }
        let help =
            fault.isFull
            ? "make room on its file system: what was not delivered yet has to be written there before belfryd can start"
            : "what was not delivered yet lies there; user \(CurrentProcess.user) must be able to read and write it"
        return StartFault("\(path)/\(fault.file): \(error); \(help)")
    }
}

// MARK: for the operator

extension StartingLog {
    enum Line: Equatable {
        case notice(String)
        case warning(String)
        case error(String)

        func write(to log: Logger) {
            switch self {
            case .notice(let text): log.notice("\(text)")
            case .warning(let text): log.warning("\(text)")
            case .error(let text): log.error("\(text)")
            }
        }
    }

    /// What the log is told at a start.
    /// - Parameter path: of the segments.
    func lines(_ path: String) -> [Line] {
        var lines = found.incidents.compactMap { line($0, path) }
        guard !found.isNew else { return lines }
        if found.wasClean {
            lines.append(.notice("the log of the last start goes on: \(goesOn)"))
        } else {
            lines.append(.warning("belfryd \(death)"))
        }
        for name in undefined {
            lines.append(
                .error(
                    "service \(name): its definition was written by another version of belfryd, and it is not in the "
                        + "settings any more: what waited for it is dropped (removed)"))
        }
        return lines
    }

    private var goesOn: String {
        let pending = found.pending
        return "\(pending) undelivered \(pending == 1 ? "message goes" : "messages go") on"
    }

    /// How the last supervisor ended, if not in order, and what that has cost.
    private var death: String { "was not shut down in order the last time: \(unclean); \(goesOn)" }

    private var unclean: String {
        guard found.formerMode == .memory else {
            let isWhole = !found.incidents.contains { $0.kind == .corruption || $0.kind == .gone }
            let rest = isWhole ? "all that was acknowledged is here" : "but for what is told before this, all is here"
            return "\(rest), what was under way is delivered again"
        }
        let time = Timestamp.rfc3339(found.asOf)
        let since = "what came in after \(time) is gone and in no ledger (ring.durability: memory)"
        guard !lost.isEmpty else { return since }
        let services = lost.map { "service \($0.detail): \($0.count)" }.joined(separator: ", ")
        return "\(since); of what had come before, deliveries that were in memory alone are lost (\(services))"
    }

    private var lost: [SegmentIncident] { found.incidents.filter { $0.kind == .lost } }

    private func line(_ incident: SegmentIncident, _ path: String) -> Line? {
        switch incident.kind {
        // In the line that tells of the last end.
        case .lost: nil
        case .tornTail: .notice(words(incident, path))
        case .corruption, .gone, .foreign: .error(words(incident, path))
        }
    }

    private func words(_ incident: SegmentIncident, _ path: String) -> String {
        let place = "\(path)/\(incident.detail)"
        return switch incident.kind {
        case .lost: "deliveries that were in memory alone when belfryd was killed"
        case .tornTail: "\(place): cut there, as after a power cut; no sender was told that it is kept"
        case .corruption:
            "\(place), \(incident.count) can't be read, though they were written: they are counted as corrupt (or, if "
                + "it is not known for whom they were, as unrouted); the file is kept as *.corrupt: look at the disk"
        case .gone:
            "\(path): the files with \(incident.count) deliveries of service \(incident.detail) are gone, though they were "
                + "written: they are counted as corrupt"
        case .foreign: "\(place): left out, and kept as *.corrupt"
        }
    }

    /// What the keeper is to write down of a start.
    func incidents(_ path: String, at now: UInt64) -> [Incident] {
        let deaths = found.isNew || found.wasClean ? [] : [Incident(time: now, .roleExit, "supervisor", death)]
        return deaths
            + found.incidents.map { incident in
                let detail = words(incident, path)
                return switch incident.kind {
                case .lost: Incident(time: now, .lost, incident.detail, detail, count: incident.count)
                case .tornTail: Incident(time: now, .disk, "supervisor", detail)
                case .corruption, .gone, .foreign: Incident(time: now, .corruption, "supervisor", detail)
                }
            }
    }
}
