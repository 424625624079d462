// SPDX-License-Identifier: Apache-2.0
// Who lags, by tables of where the shards stand and when; pure.

import Ring
import Testing

@testable import Storage

@Suite("Who holds up the ring") struct LaggardsTests {
    private static let second: UInt64 = 1_000_000_000

    private static func stand(_ slot: Int, _ floor: UInt64, parked: UInt64 = 0) -> ShardStand {
        ShardStand(name: .init(slot: slot, shard: 0), incarnation: 1, floor: floor, parkedFrom: parked)
    }

    @Test("one that stands still lags after a while, and the ring is spilled to where the others are")
    func still() {
        var laggards = Laggards()
        for step: UInt64 in 0...5 {
            let now = step * Laggards.patience / 5
            laggards.see([Self.stand(0, 10), Self.stand(1, 100 + step)], head: 200, spilled: 0, at: now)
            #expect(laggards.reach(at: now) == (step < 5 ? nil : 105))
        }
    }

    @Test("those that all move, and want nothing old, are as busy as everybody: nothing is spilled")
    func busy() {
        var laggards = Laggards()
        for step: UInt64 in 0..<100 {
            let now = step * Self.second / 10
            laggards.see(
                [Self.stand(0, 1 + step * 10), Self.stand(1, 5 + step * 10)], head: 100 + step * 10, spilled: 0, at: now
            )
            #expect(laggards.reach(at: now) == nil)
        }
    }

    @Test("one that moves, but wants what is old, lags; one that works off what is parked does not stand still")
    func slow() {
        var laggards = Laggards()
        var reach: UInt64?
        for step: UInt64 in 0..<50 where reach == nil {
            let now = step * Self.second / 10
            laggards.see(
                [Self.stand(0, 1 + step), Self.stand(1, 95 + step * 10)], head: 100 + step * 10, spilled: 0, at: now)
            reach = laggards.reach(at: now)
            #expect(reach == nil || now >= Laggards.age)
        }
        #expect(reach != nil && reach! > 95)
        var parked = Laggards()
        for step: UInt64 in 0..<15 {
            parked.see([Self.stand(0, 50, parked: 1 + step)], head: 100, spilled: 0, at: step * Self.second / 10)
            #expect(parked.reach(at: step * Self.second / 10) == nil)
        }
    }

    @Test("a floor that a spill has raised is no step forward: what stands still is spilled again at once")
    func spilled() {
        var laggards = Laggards()
        laggards.see([Self.stand(0, 10, parked: 10)], head: 200, spilled: 10, at: 0)
        laggards.see([Self.stand(0, 150, parked: 10)], head: 300, spilled: 150, at: Laggards.patience)
        #expect(laggards.reach(at: Laggards.patience) == .max)
        laggards.see([Self.stand(0, 151, parked: 10)], head: 300, spilled: 150, at: Laggards.patience)
        #expect(laggards.reach(at: Laggards.patience) == nil)
    }

    @Test("where nobody keeps up all may go; one that wants nothing is not asked")
    func all() {
        var laggards = Laggards()
        for now in [0, Laggards.patience] {
            laggards.see([Self.stand(0, 10), Self.stand(1, 20), Self.stand(2, 200)], head: 200, spilled: 0, at: now)
        }
        #expect(laggards.reach(at: Laggards.patience) == .max)
    }

    @Test("one that rested, with nothing to do, does not lag as soon as something comes")
    func rested() {
        var laggards = Laggards()
        laggards.see([Self.stand(0, 100)], head: 100, spilled: 0, at: 0)
        laggards.see([Self.stand(0, 100)], head: 200, spilled: 0, at: 10 * Self.second)
        #expect(laggards.reach(at: 10 * Self.second) == nil)
    }
}
