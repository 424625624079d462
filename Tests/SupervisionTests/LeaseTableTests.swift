// SPDX-License-Identifier: Apache-2.0
/// Shards and workers: even shares, few moves, and never two holders.

import Testing

@testable import Supervision

private func shards(_ services: [Int]) -> [LeaseTable.Shard] {
    services.enumerated().flatMap { slot, count in (0..<count).map { LeaseTable.Shard(slot: slot, shard: $0) } }
}

private func working(_ index: Int, applied: UInt64 = 0) -> LeaseTable.Worker {
    LeaseTable.Worker(index: index, isUsable: true, mayTouch: true, applied: applied)
}

@Suite("Lease plan")
struct LeasePlanTests {
    @Test("shares differ by one at most, nothing is moved without need, and no shard is left out")
    func isEvenAndSticky() {
        for seed in 0..<500 as Range<UInt64> {
            var random = Xorshift(seed)
            let all = shards((0..<Int(random.next(6))).map { _ in Int(random.next(9)) + 1 })
            let workers = Array(0..<Int(random.next(6)) + 1)
            let held = all.map { _ in random.next(4) == 0 ? nil : Int(random.next(8)) }
            let plan = LeasePlan.share(all, held: held, among: workers)
            let loads = workers.map { worker in plan.count { $0 == worker } }
            #expect((loads.max() ?? 0) - (loads.min() ?? 0) <= 1, "seed \(seed)")
            #expect(plan.count == all.count && plan.allSatisfy(workers.contains), "seed \(seed)")
            // Who keeps fewer than it had is full; otherwise a move was for nothing.
            for worker in workers {
                let had = held.count { $0 == worker }
                let kept = zip(held, plan).count { $0 == worker && $1 == worker }
                #expect(kept == min(had, loads[worker]), "seed \(seed)")
            }
        }
    }

    @Test("the shards of one service go to different workers")
    func spreadsServices() {
        let plan = LeasePlan.share(shards([2, 2]), held: [nil, nil, nil, nil], among: [0, 1])
        #expect(plan[0] != plan[1] && plan[2] != plan[3])
    }
}

@Suite("Lease table")
struct LeaseTableTests {
    @Test("at first every shard is given out at once")
    func first() {
        var table = LeaseTable(shards: shards([2]))
        let changes = table.step([working(0), working(1)], version: 1)
        #expect(changes.map(\.worker) == [0, 1])
        #expect(!table.isWaiting)
        #expect(table.step([working(0), working(1)], version: 2).isEmpty)
    }

    @Test("a shard moves on by its own word, though its holder has yet to let go of another")
    func movesByItself() {
        var table = LeaseTable(shards: shards([4]))
        _ = table.step([working(0)], version: 1)
        let workers = [working(0, applied: 1), working(1)]
        let taken = table.step(workers, version: 2).map(\.shard)
        #expect(taken.count == 2)
        #expect(table.step(workers, version: 3) { $0 == taken[0] ? 1 : 0 }.isEmpty)
        let moved = table.step(workers, version: 3) { $0 == taken[0] ? 2 : 0 }
        #expect(moved == [LeaseTable.Change(shard: taken[0], worker: 1)])
        #expect(table.isWaiting)
    }

    @Test("a shard that moves is nobody's until its holder has confirmed that version")
    func movesByWayOfNobody() {
        var table = LeaseTable(shards: shards([2]))
        _ = table.step([working(0)], version: 1)
        #expect(table.step([working(0, applied: 1), working(1)], version: 2).map(\.worker) == [nil])
        #expect(table.isWaiting)
        #expect(table.step([working(0, applied: 1), working(1)], version: 3).isEmpty)
        #expect(table.step([working(0, applied: 2), working(1)], version: 3).map(\.worker) == [1])
        #expect(table.count(of: 0) == 1 && table.count(of: 1) == 1)
    }

    @Test("the shards of a worker that is dead for a while go to the others at once")
    func death() {
        var table = LeaseTable(shards: shards([2]))
        _ = table.step([working(0), working(1)], version: 1)
        let dead = LeaseTable.Worker(index: 0, isUsable: false, mayTouch: false, applied: 0)
        #expect(table.step([dead, working(1)], version: 2).map(\.worker) == [1])
    }

    @Test("a worker that is started again at once finds its shards where they were")
    func restart() {
        var table = LeaseTable(shards: shards([2]))
        _ = table.step([working(0), working(1)], version: 1)
        let reborn = LeaseTable.Worker(index: 0, isUsable: true, mayTouch: false, applied: 0)
        #expect(table.step([reborn, working(1)], version: 2).isEmpty)
    }

    @Test("a worker whose orphans still live keeps its shards, usable or not")
    func orphansLive() {
        var table = LeaseTable(shards: shards([1]))
        _ = table.step([working(0)], version: 1)
        let dying = LeaseTable.Worker(index: 0, isUsable: false, mayTouch: true, applied: 0)
        #expect(table.step([dying, working(1)], version: 2).map(\.worker) == [nil])
        #expect(table.step([dying, working(1)], version: 3).isEmpty)
    }

    @Test("with no worker to give them to, shards stay where they are")
    func nobodyThere() {
        var table = LeaseTable(shards: shards([2]))
        _ = table.step([working(0)], version: 1)
        let dead = LeaseTable.Worker(index: 0, isUsable: false, mayTouch: false, applied: 0)
        #expect(table.step([dead], version: 2).isEmpty)
        #expect(table.count(of: 0) == 2)
    }

    @Test("a slot that ends is taken back for good, and forgotten when its holder has confirmed")
    func ends() {
        var table = LeaseTable(shards: shards([1, 2]))
        _ = table.step([working(0), working(1)], version: 1)
        table.end(slot: 1)
        let changes = table.step([working(0, applied: 1), working(1, applied: 1)], version: 2)
        #expect(changes.map(\.shard.slot) == [1, 1] && changes.allSatisfy { $0.worker == nil })
        #expect(table.takeEnded().isEmpty)
        _ = table.step([working(0, applied: 2), working(1, applied: 1)], version: 3)
        #expect(table.takeEnded().isEmpty && table.isHolding(1))
        _ = table.step([working(0, applied: 2), working(1, applied: 2)], version: 3)
        #expect(table.takeEnded() == [1])
        #expect(table.takeEnded().isEmpty && !table.isEnding(slot: 1))
        #expect(table.count(of: 0) + table.count(of: 1) == 1)
    }

    @Test("with no worker to be had a slot ends all the same, once its holders are dead")
    func endsWithNobody() {
        var table = LeaseTable(shards: shards([2]))
        _ = table.step([working(0)], version: 1)
        table.end(slot: 0)
        let dead = LeaseTable.Worker(index: 0, isUsable: false, mayTouch: false, applied: 0)
        _ = table.step([dead], version: 2)
        _ = table.step([dead], version: 3)
        #expect(table.takeEnded() == [0])
    }

    @Test("shards that come are given out with the next step, those that are here already stay")
    func comes() {
        var table = LeaseTable(shards: shards([1]))
        _ = table.step([working(0)], version: 1)
        table.add(shards([1, 2]))
        #expect(table.step([working(0)], version: 2).map(\.shard) == shards([0, 2]))
    }

    @Test("through random comings and goings a shard never has two who may touch it, and ends evenly shared")
    func neverTwo() {
        for seed in 0..<200 as Range<UInt64> {
            var random = Xorshift(seed)
            let all = shards([3, 5])
            var table = LeaseTable(shards: all)
            // What each worker's process believes to hold, as of the version it has applied.
            var grants: [LeaseTable.Shard: Int] = [:]
            var belief = [Set<LeaseTable.Shard>](repeating: [], count: 4)
            var applied = [UInt64](repeating: 0, count: 4)
            var alive = [true, true, true, true]
            var version: UInt64 = 0
            for round in 0..<100 {
                let worker = Int(random.next(4))
                switch random.next(3) {
                case 0 where round < 80:
                    alive[worker].toggle()
                    belief[worker] = []
                default:
                    for index in 0..<4 where alive[index] && (round >= 80 || index == worker) {
                        belief[index] = Set(grants.filter { $0.value == index }.keys)
                        applied[index] = version
                    }
                }
                if round >= 80 { alive = [true, true, true, true] }
                let workers = (0..<4).map {
                    LeaseTable.Worker(index: $0, isUsable: alive[$0], mayTouch: alive[$0], applied: applied[$0])
                }
                let changes = table.step(workers, version: version + 1)
                if !changes.isEmpty { version += 1 }
                for change in changes {
                    grants[change.shard] = change.worker
                    if let worker = change.worker {
                        let others = belief.indices.filter { $0 != worker && belief[$0].contains(change.shard) }
                        #expect(others.isEmpty, "seed \(seed): \(change) while \(others) may touch it")
                    }
                }
            }
            #expect((0..<4).map { table.count(of: $0) } == [2, 2, 2, 2], "seed \(seed)")
        }
    }

    @Test("as another supervisor left it: who holds a shard keeps it, and gives it up by the usual word")
    func resumes() {
        var table = LeaseTable(shards: shards([2]), version: 5) { $0.shard }
        let former = [0, 1].map { LeaseTable.Worker(index: $0, isUsable: false, mayTouch: true, applied: 5) }
        #expect(!table.isWaiting)
        #expect(table.step(former, version: 6).isEmpty)
        let changes = table.step(former + [working(64), working(65)], version: 6)
        #expect(changes.map(\.worker) == [nil, nil])
        let confirmed = former.map {
            LeaseTable.Worker(index: $0.index, isUsable: false, mayTouch: true, applied: 6)
        }
        #expect(Set(table.step(confirmed + [working(64), working(65)], version: 7).map(\.worker)) == [64, 65])
        #expect(!table.isHolding(0) && !table.isHolding(1))
    }

    @Test("a shard that is nobody's as another supervisor left it is free when all who may touch it have confirmed")
    func resumesInTheMiddle() {
        var table = LeaseTable(shards: shards([1]), version: 5) { _ in nil }
        let slow = LeaseTable.Worker(index: 0, isUsable: false, mayTouch: true, applied: 4)
        #expect(table.isWaiting && table.isHolding(0))
        #expect(table.step([slow, working(64, applied: 5)], version: 6).isEmpty)
        let dead = LeaseTable.Worker(index: 0, isUsable: false, mayTouch: false, applied: 4)
        #expect(table.step([dead, working(64, applied: 5)], version: 6).map(\.worker) == [64])
        var other = LeaseTable(shards: shards([1]), version: 5) { _ in nil }
        #expect(other.step([slow, working(64)], version: 6, letGo: { _ in 5 }).map(\.worker) == [64])
    }

    @Test("a shard held by one who is not there any more is free")
    func resumesBehindDead() {
        var table = LeaseTable(shards: shards([1]), version: 5) { _ in 64 }
        #expect(table.step([working(0)], version: 6).map(\.worker) == [0])
    }
}
