// SPDX-License-Identifier: Apache-2.0
/// What a worker makes of records that have left the ring: they are delivered first, in their order, with their bodies,
/// and counted as all others.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("Parked records")
struct ParkingTests {
    private static func note(_ change: (inout Settings.Service) -> Void = { _ in }) -> Settings.Service {
        .exec("echo $(cat) >> $OUT/got") {
            $0.order = .all
            change(&$0)
        }
    }

    /// A service with eight messages, of which it was let have none, and those below `target` parked.
    private func parked(_ service: Settings.Service, below target: UInt64) throws -> (Bench, Worker) {
        let bench = try Bench([service])
        let worker = try bench.worker()
        bench.supervisor.setPaused(true, slot: 0)
        for number in 1...8 { bench.publish("\(number)") }
        #expect(try bench.park(worker, below: target))
        return (bench, worker)
    }

    @Test("come before any of the ring, in their order, and what holds them no longer holds the ring")
    func order() throws {
        let (bench, worker) = try parked(Self.note(), below: 6)
        #expect(try bench.counts().floor == 6 && bench.counts().pending == 8)
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(worker) { try bench.delivered() == 8 })
        #expect(bench.lines("got") == (1...8).map(String.init))
        #expect(try bench.counts().pending == 0)
        try bench.end(worker)
    }

    @Test("of a slot that has to wait for an older one are parked all the same, and handed out when it may begin")
    func heldBack() throws {
        let bench = try Bench([Self.note()])
        let worker = try bench.worker()
        bench.supervisor.setHeldBack(true, slot: 0)
        for number in 1...4 { bench.publish("\(number)") }
        #expect(try bench.park(worker, below: 3))
        #expect(try bench.counts().floor == 3 && bench.counts().pending == 4)
        bench.supervisor.setHeldBack(false, slot: 0)
        #expect(try bench.run(worker) { try bench.delivered() == 4 })
        #expect(bench.lines("got") == (1...4).map(String.init))
        try bench.end(worker)
    }

    @Test("are let go of and the next ones held still for in one round: both may have come with one ring of the bell")
    func oneBell() throws {
        let bench = try Bench([Self.note()])
        let worker = try bench.worker()
        bench.supervisor.setPaused(true, slot: 0)
        for number in 1...8 { bench.publish("\(number)") }
        #expect(try bench.park(worker, below: 3, then: 7))
        try bench.end(worker)
    }

    @Test(
        "are counted as corrupt if nothing tells of them any more, by whichever shards wanted them", arguments: [1, 2])
    func gone(lanes: Int) throws {
        let service = Self.note {
            $0.order = .none
            $0.lanes = lanes
        }
        let (bench, worker) = try parked(service, below: 6)
        // Not the first of a shard, which it has looked at.
        bench.shelf.gone = [3, 4, 5]
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(worker) { try bench.counts().pending == 0 })
        #expect(try bench.delivered() == 5 && bench.counts()[.corrupt] == 3)
        #expect(Set(bench.lines("got")) == ["1", "2", "6", "7", "8"])
        try bench.end(worker)
        #expect(try bench.failures().map(\.words) == ["of what was parked, 3 can't be read (corrupt)"])
    }

    @Test("that nothing tells of are not looked for twice, nor taken for those of a shard that is not done")
    func goneOnce() throws {
        let service = Self.note {
            $0.order = .none
            $0.lanes = 2
        }
        let (bench, first) = try parked(service, below: 6)
        bench.shelf.gone = [4]
        bench.supervisor.grant(slot: 0, shard: 1, to: 1)
        bench.supervisor.publishGrants()
        #expect(try bench.run(first) { try bench.ledger().letGo(slot: 0, shard: 1) > 0 })
        bench.supervisor.setPaused(false, slot: 0)
        // The other shard still has something parked.
        #expect(try bench.run(first) { try bench.delivered() >= 3 })
        for _ in 0..<5 { _ = try first.step(until: Clock.monotonic() + 1_000_000) }
        #expect(try bench.counts()[.corrupt] == 0)
        let second = try bench.worker(1)
        #expect(try bench.run(first, second) { try bench.counts().pending == 0 })
        let third = try bench.worker()
        for _ in 0..<5 { _ = try third.step(until: Clock.monotonic() + 1_000_000) }
        #expect(try bench.counts()[.corrupt] == 1 && bench.delivered() == 7)
        try bench.end(second, third)
    }

    @Test("may become more while some are left")
    func again() throws {
        let (bench, worker) = try parked(Self.note(), below: 3)
        #expect(try bench.park(worker, below: 8))
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(worker) { try bench.delivered() == 8 })
        #expect(bench.lines("got") == (1...8).map(String.init))
        try bench.end(worker)
    }

    @Test("are delivered again from the segment, with the same body, if they were in flight when they were parked")
    func inFlight() throws {
        let bench = try Bench([
            Self.note {
                $0.command[2] =
                    "until [ -e $OUT/go ]; do sleep 0.01; done; [ $BELFRY_ATTEMPT = 2 ] || exit 1; "
                    + "cat >> $OUT/got; echo >> $OUT/got"
            }
        ])
        let worker = try bench.worker()
        for number in 1...4 { bench.publish("\(number)") }
        #expect(try bench.run(worker) { try bench.counts().inFlight == 1 })
        #expect(try bench.park(worker, below: 4))
        #expect(try bench.counts().inFlight == 1 && bench.counts().pending == 4)
        try bench.write("go", "")
        #expect(try bench.run(worker) { try bench.delivered() == 4 })
        #expect(bench.lines("got") == ["1", "2", "3", "4"])
        try bench.end(worker)
    }

    @Test("are handed out by a successor, each once")
    func successor() throws {
        let (bench, first) = try parked(Self.note(), below: 6)
        try bench.end(first)
        let worker = try bench.worker()
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(worker) { try bench.delivered() == 8 })
        #expect(bench.lines("got") == (1...8).map(String.init))
        try bench.end(worker)
    }

    @Test("are dropped with a service that is to be dropped, which is resolved only then")
    func removed() throws {
        let (bench, worker) = try parked(Self.note(), below: 6)
        worker.takeOver(try bench.retire(.dropping))
        #expect(try bench.run(worker) { worker.nextResolved() == 0 })
        #expect(try bench.counts()[.removed] == 8 && bench.counts().pending == 0)
        try bench.end(worker)
    }

    @Test("become dead letters with a service that is removed so, even if the disk does not give them at first")
    func buried() throws {
        let (bench, worker) = try parked(Self.note(), below: 6)
        bench.shelf.isBroken = true
        let settings = try bench.retire(.burying)
        worker.takeOver(settings)
        #expect(try bench.run(worker) { try bench.status().reason.contains("can't be read") })
        #expect(try bench.counts().pending == 8 && bench.keeper.letters.isEmpty)
        bench.shelf.isBroken = false
        #expect(try bench.run(worker) { worker.nextResolved() == 0 })
        #expect(try bench.counts()[.dead] == 8 && bench.counts().pending == 0)
        let bodies = bench.keeper.letters.map { String(decoding: $0.message.body, as: UTF8.self) }
        #expect(bodies == (1...8).map(String.init))
        #expect(bench.keeper.letters.allSatisfy { $0.failings.reason == "removed" && $0.failings.attempts == 0 })
        try bench.end(worker)
    }

    @Test("that can't be read any more are counted as corrupt, and the others go on")
    func damaged() throws {
        let (bench, worker) = try parked(Self.note(), below: 6)
        bench.shelf.damaged = [2, 4]
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(worker) { try bench.counts().pending == 0 })
        #expect(try bench.counts()[.corrupt] == 2 && bench.delivered() == 6)
        #expect(bench.lines("got") == ["1", "3", "5", "6", "7", "8"])
        try bench.end(worker)
    }

    @Test("that the disk does not give now wait for it")
    func broken() throws {
        let (bench, worker) = try parked(Self.note(), below: 6)
        bench.shelf.isBroken = true
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(worker) { try bench.status().reason.contains("can't be read") })
        #expect(try bench.counts().pending == 8)
        bench.shelf.isBroken = false
        #expect(try bench.run(worker) { try bench.delivered() == 8 })
        #expect(bench.lines("got") == (1...8).map(String.init))
        try bench.end(worker)
    }

    @Test("are told by their age, handed out or not, by a successor as well")
    func age() throws {
        let bench = try Bench([
            Self.note { $0.command[2] = "until [ -e $OUT/go ]; do sleep 0.01; done; " + $0.command[2] }
        ])
        let first = try bench.worker()
        for number in 1...5 { bench.publish("\(number)") { $0.time = UInt64(number) * 10 } }
        #expect(try bench.run(first) { try bench.counts().inFlight == 1 })
        #expect(try bench.park(first, below: 4))
        #expect(try bench.run(first) { try bench.oldest() == 10 }, "in flight")
        try bench.end(first)
        try bench.lease().oldestParked = 0
        let second = try bench.worker()
        #expect(try bench.run(second) { try bench.oldest() == 10 })
        bench.supervisor.setPaused(true, slot: 0)
        try bench.write("go", "")
        #expect(try bench.run(second) { try bench.oldest() == 20 }, "parked")
        #expect(try bench.counts().parked == 2)
        bench.supervisor.setPaused(false, slot: 0)
        #expect(try bench.run(second) { try bench.delivered() == 5 })
        #expect(try bench.run(second) { try bench.oldest() == nil })
        try bench.end(second)
    }
}
