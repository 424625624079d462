// SPDX-License-Identifier: Apache-2.0
// What a start goes on with, by what recovery has found.

import Control
import LinuxIO
import Ring
@testable import Segments
import Settings
import Testing

@testable import Supervision

@Suite("The log that a start goes on with")
struct StartingLogTests {
    private static func slot(
        _ name: String, at index: Int, order: ServiceSlot.Order = .none,
        _ change: (inout ServiceSlot) -> Void = { _ in }
    ) -> Checkpoint.Slot {
        var slot = ServiceSlot(
            name: name, order: order, incarnation: 4, since: 2, shards: 1, tableStart: 128 * index, tableCapacity: 128)
        change(&slot)
        return Checkpoint.Slot(index: index, slot: slot, shards: [Checkpoint.Shard(floor: 50)])
    }

    private static func found(
        _ slots: [Checkpoint.Slot], definitions: [Settings.Service] = [],
        _ change: (inout RecoveredLog) -> Void = { _ in }
    ) -> RecoveredLog {
        var checkpoint = Checkpoint(logID: 7, epoch: 3, mode: .memory, head: 50, spilled: 50, ledgerSince: 9)
        checkpoint.slots = slots
        (checkpoint.intake.published, checkpoint.intake.routed) = (49, 49)
        for slot in slots { checkpoint.intake.matched[slot.index] = 10 }
        var settings = Settings()
        settings.services = definitions
        checkpoint.settings = SettingsImage.encode(settings)
        var found = RecoveredLog(checkpoint: checkpoint, formerMode: .memory)
        change(&found)
        return found
    }

    private static func placed(_ name: String, at slot: Int, _ state: Settings.Service.Placement.State = .active)
        -> Settings.Service
    {
        service(name) { $0.placement = .init(slot: slot, incarnation: 4, state: state) }
    }

    @Test("a service keeps its slot, and one that is gone from the settings retires under its last definition")
    func keeps() throws {
        let found = Self.found(
            [Self.slot("a", at: 3), Self.slot("b", at: 5)],
            definitions: [Self.placed("a", at: 3), Self.placed("b", at: 5)])
        var table = StartingLog(found, []).table
        #expect(table.indices == [3, 5] && table.openShards.count == 2)
        try table.change(to: [service("a")], head: 50) { _ in 10 }
        table.bind(at: 50)
        #expect(table[3]?.slot.state == .active && table[3]?.slot.incarnation == 4)
        #expect(table[5]?.state == .draining && table[5]?.slot.retiringAt == 50)
        #expect(table[5]?.service.command == ["/bin/true"])
    }

    @Test(
        "what retired goes on to retire, in the same way, and what follows it waits",
        arguments: [Settings.Service.Placement.State.draining, .dropping, .burying])
    func retiring(state: Settings.Service.Placement.State) {
        let old = Self.slot("a", at: 0, order: .all) { $0.state = .retiring }
        let found = Self.found(
            [old, Self.slot("a", at: 1, order: .all)],
            definitions: [Self.placed("a", at: 0, state), Self.placed("a", at: 1)])
        let table = StartingLog(found, []).table
        #expect(table[0]?.state == state && table[0]?.slot.retiringAt == 50)
        #expect(table.isHeldBack(1) && !table.isHeldBack(0))
    }

    @Test("without a definition that can be read the settings' own counts, and without either what waits is dropped")
    func undefined() {
        let found = Self.found([Self.slot("a", at: 0), Self.slot("b", at: 1)]) { $0.checkpoint.settings = [1, 2, 3] }
        let start = StartingLog(found, [service("a") { $0.command = ["/bin/false"] }])
        #expect(start.table[0]?.service.command == ["/bin/false"] && start.table[0]?.state == .active)
        #expect(start.table[1]?.state == .dropping && start.table[1]?.slot.state == .retiring)
        guard case .error(let text) = start.lines("/s").last else {
            Issue.record("no line tells of it")
            return
        }
        #expect(text.hasPrefix("service b: its definition"))
    }

    @Test("a slot that is freed and taken again gets another incarnation")
    func incarnations() throws {
        let found = Self.found([Self.slot("a", at: 0)], definitions: [Self.placed("a", at: 0)])
        var table = StartingLog(found, []).table
        table.free(0)
        try table.change(to: [service("b")], head: 60) { _ in 10 }
        #expect(table[0]?.slot.incarnation == 5)
    }

    @Test("a new log has nothing to tell; an end in order is told as such")
    func tellsOrder() {
        #expect(StartingLog(Self.found([]) { $0.isNew = true }, []).lines("/s") == [])
        let one = Self.found([Self.slot("a", at: 0)], definitions: [Self.placed("a", at: 0)]) {
            $0.checkpoint.slots[0].shards[0].totals[1] = 9
        }
        #expect(
            StartingLog(one, []).lines("/s")
                == [.notice("the log of the last start goes on: 1 undelivered message goes on")])
    }

    @Test("what a kill of the supervisor has cost is told, by durability, and is an incident")
    func tellsKill() {
        let disk = Self.found([]) { ($0.wasClean, $0.formerMode) = (false, .disk) }
        #expect(
            StartingLog(disk, []).lines("/s") == [
                .warning(
                    "belfryd was not shut down in order the last time: all that was acknowledged is here, what was under "
                        + "way is delivered again; 0 undelivered messages go on")
            ])
        let memory = Self.found([]) {
            $0.wasClean = false
            $0.incidents = [.init(.lost, "a", count: 3)]
        }
        #expect(
            StartingLog(memory, []).lines("/s") == [
                .warning(
                    "belfryd was not shut down in order the last time: what came in after 1970-01-01T00:00:00.000000000Z "
                        + "is gone and in no ledger (ring.durability: memory); of what had come before, deliveries that "
                        + "were in memory alone are lost (service a: 3); 0 undelivered messages go on")
            ])
        let incidents = StartingLog(memory, []).incidents("/s", at: 5)
        #expect(incidents.map(\.kind) == [.roleExit, .lost])
        #expect(incidents[0].process == "supervisor" && incidents[0].detail.hasPrefix("was not shut down in order"))
    }

    @Test("damaged files are told with their place, and what to do, and the same words are to be kept as incidents")
    func tellsDamage() {
        let found = Self.found([]) {
            $0.incidents = [
                .init(.corruption, "log-1.seg: of messages 4 to 9", count: 2),
                .init(.foreign, "log-2.seg: belongs to another log"),
                .init(.tornTail, "log-3.seg: ends in the middle of message 12"),
                .init(.lost, "a", count: 3),
            ]
        }
        let lines = StartingLog(found, []).lines("/s")
        #expect(lines.count == 4)
        guard case .error(let first) = lines[0], case .error(let second) = lines[1], case .notice(let third) = lines[2]
        else {
            Issue.record("\(lines)")
            return
        }
        #expect(
            first.hasPrefix("/s/log-1.seg: of messages 4 to 9, 2 can't be read") && first.hasSuffix("look at the disk"))
        #expect(second.hasPrefix("/s/log-2.seg: belongs to another log"))
        #expect(third.hasPrefix("/s/log-3.seg: ends in the middle of message 12"))
        let incidents = StartingLog(found, []).incidents("/s", at: 5)
        #expect(incidents.map(\.kind) == [.corruption, .corruption, .disk, .lost])
        #expect(incidents.map(\.detail).prefix(3) == [first, second, third])
        #expect(incidents.map(\.process) == ["supervisor", "supervisor", "supervisor", "a"])
        #expect(incidents.last?.count == 3 && incidents.allSatisfy { $0.time == 5 })
    }

    @Test("files that are gone are told with what they cost, and nobody is told that all is here")
    func tellsGone() {
        let found = Self.found([]) {
            $0.wasClean = false
            $0.formerMode = .disk
            $0.incidents = [.init(.gone, "a", count: 3)]
        }
        let words =
            "/s: the files with 3 deliveries of service a are gone, though they were written: they are counted as corrupt"
        #expect(
            StartingLog(found, []).lines("/s") == [
                .error(words),
                .warning(
                    "belfryd was not shut down in order the last time: but for what is told before this, all is here, what "
                        + "was under way is delivered again; 0 undelivered messages go on"),
            ])
        #expect(
            StartingLog(found, []).incidents("/s", at: 5).last == Incident(time: 5, .corruption, "supervisor", words))
    }

    @Test(
        "what backs off waits for the rest of its time, and no longer if the clock was set back meanwhile",
        arguments: [(1_020, 10), (2_000, 0), (5, 30)] as [(UInt64, UInt64)])
    func clock(now: UInt64, rest: UInt64) throws {
        var slot = Self.slot("a", at: 0)
        slot.shards[0].entries = [.init(sequence: 40, attempt: 1, notBefore: 1_030)]
        let found = Self.found([slot]) { $0.checkpoint.time = 1_000 }
        let contents = StartingLog(found, [service("a")]).contents(at: now, monotonic: 100)
        #expect(max(contents.slots[0].shards[0].entries[0].notBefore, 100) == 100 + rest)
    }

    @Test("a folder that can't be read or has no room stops the start, with the file and what to do")
    func faults() {
        let full = SegmentFault("parked-1.seg", SystemCallError(call: "fallocate", code: 28))
        let denied = SegmentFault("checkpoint-0", SystemCallError(call: "openat", code: 13))
        #expect(
            StartingLog.fault(full, "/s").description.hasPrefix(
                "/s/parked-1.seg: fallocate: no space left on device; make"))
        #expect(StartingLog.fault(denied, "/s").description.contains("must be able to read and write it"))
        let short = SegmentFault("checkpoint-1.new", SystemCallError(call: "open", code: 24))
        let words = StartingLog.fault(short, "/s").description
        #expect(words.contains("LimitNOFILE=") && !words.contains("read and write"))
    }
}
