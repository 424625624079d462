// SPDX-License-Identifier: Apache-2.0
/// The steps of a change of settings, and every death in between.

import Testing

@testable import Supervision

private let limit = 10 * second

/// Roles as a change sees them, and what it has had done.
private struct ChangeBench {
    var change: LiveChange
    var roles: [LiveChange.RoleState]
    var done: [LiveChange.Effect] = []
    var now: UInt64 = 1000 * second
    private let base: Int

    /// All roles ready at version 1.
    init(workers: Int, wanted: Int, base: Int = 0) {
        change = LiveChange(version: 2, workers: wanted, limit: limit)
        self.base = base
        roles = Role.all(workers: workers, base: base).map { role in
            LiveChange.RoleState(role: role, phase: .ready, given: 1, applied: 1, holdsShards: role.worker != nil)
        }
        roles[Role.committer.place].phase = .resting
    }

    /// Carries out what is to be done, as the Supervisor does.
    mutating func settle() {
        while true {
            let effects = change.step(roles, at: now)
            if effects.isEmpty { return }
            for effect in effects {
                done.append(effect)
                switch effect {
                case .give(let role): give(role)
                case .bind: resize()
                case .stop, .kill, .open, .finish: break
                }
            }
        }
    }

    private mutating func give(_ role: Role) {
        roles[role.place].given = 2
        roles[role.place].givenAt = now
    }

    private mutating func resize() {
        for role in Role.all(workers: change.workers, base: base).dropFirst(roles.count) {
            roles.append(.init(role: role, phase: .starting(since: now), given: 2, givenAt: now))
        }
    }

    subscript(role: Role) -> LiveChange.RoleState {
        get { roles[role.place] }
        set { roles[role.place] = newValue }
    }

    mutating func apply(_ role: Role) {
        self[role].applied = self[role].given
        settle()
    }

    mutating func set(_ role: Role, _ phase: RoleLife.Phase) {
        self[role].phase = phase
        if phase == .starting(since: now) { (self[role].given, self[role].givenAt) = (2, now) }
        if !self[role].hasProcess { (self[role].given, self[role].applied) = (0, 0) }
        settle()
    }
}

@Suite("Live change")
struct LiveChangeTests {
    @Test("first the acceptor goes over, then the workers, then new shards are opened")
    func order() {
        var bench = ChangeBench(workers: 2, wanted: 2)
        bench.settle()
        #expect(bench.done == [.give(.acceptor)])
        bench.apply(.acceptor)
        #expect(bench.done == [.give(.acceptor), .bind, .give(.worker(0)), .give(.worker(1))])
        bench.apply(.worker(1))
        #expect(bench.done.count == 4)
        bench.apply(.worker(0))
        #expect(bench.done.suffix(2) == [.open, .finish])
        #expect(bench.change.stage == .over)
    }

    @Test("no worker is too many for having an index of the other half, as behind a restart of belfryd")
    func otherHalf() {
        var bench = ChangeBench(workers: 1, wanted: 2, base: Role.half)
        bench.settle()
        bench.apply(.acceptor)
        bench.apply(.worker(Role.half))
        bench[.worker(Role.half + 1)].applied = 2
        bench.set(.worker(Role.half + 1), .ready)
        #expect(bench.done.suffix(2) == [.open, .finish])
    }

    @Test("more workers are waited for until they are ready")
    func more() {
        var bench = ChangeBench(workers: 1, wanted: 3)
        bench.settle()
        bench.apply(.acceptor)
        bench.apply(.worker(0))
        #expect(!bench.done.contains(.open))
        for worker in [Role.worker(1), .worker(2)] {
            bench[worker].applied = 2
            bench.set(worker, .ready)
        }
        #expect(bench.done.suffix(2) == [.open, .finish])
    }

    @Test("a worker too many is stopped when its shards are with others, and the end waits for its end")
    func fewer() {
        var bench = ChangeBench(workers: 3, wanted: 1)
        bench.settle()
        for role in [Role.acceptor, .worker(0), .worker(1), .worker(2)] { bench.apply(role) }
        #expect(bench.done.last == .open)
        bench[.worker(2)].holdsShards = false
        bench.settle()
        #expect(bench.done.last == .stop(.worker(2)))
        bench.set(.worker(2), .clearing(.ready))
        bench.set(.worker(2), .gone)
        bench[.worker(1)].holdsShards = false
        bench.settle()
        #expect(bench.done.last == .stop(.worker(1)))
        bench.set(.worker(1), .gone)
        #expect(bench.done.last == .finish)
        #expect(bench.done.count { $0 == .finish } == 1)
    }

    @Test("an acceptor that dies before it went over is waited for; its successor begins with the new settings")
    func acceptorDies() {
        var bench = ChangeBench(workers: 1, wanted: 1)
        bench.settle()
        bench.set(.acceptor, .down)
        bench.set(.acceptor, .starting(since: bench.now))
        #expect(!bench.done.contains(.bind))
        bench[.acceptor].applied = 2
        bench.set(.acceptor, .ready)
        #expect(bench.done == [.give(.acceptor), .bind, .give(.worker(0))])
    }

    @Test("one that is gone for ever, as everything ends, is not waited for")
    func acceptorIsGone() {
        var bench = ChangeBench(workers: 1, wanted: 1)
        bench.settle()
        bench.set(.acceptor, .gone)
        #expect(bench.done.last == .give(.worker(0)) && bench.done.contains(.bind))
    }

    @Test("one that dies behind its word is not asked again, nor is anything bound twice")
    func acceptorDiesLater() {
        var bench = ChangeBench(workers: 1, wanted: 1)
        bench.settle()
        bench.apply(.acceptor)
        bench.set(.acceptor, .down)
        bench.set(.acceptor, .starting(since: bench.now))
        bench.apply(.worker(0))
        #expect(!bench.done.contains(.open))
        bench[.acceptor].applied = 2
        bench.set(.acceptor, .ready)
        #expect(bench.done.filter { $0 == .bind || $0 == .give(.acceptor) }.count == 2)
        #expect(bench.done.suffix(2) == [.open, .finish])
    }

    @Test("a worker that can't be started holds nothing up; one that is about to be started does")
    func workerDies() {
        var bench = ChangeBench(workers: 2, wanted: 2)
        bench.settle()
        bench.apply(.acceptor)
        bench.apply(.worker(0))
        bench.set(.worker(1), .clearing(.ready))
        #expect(!bench.done.contains(.open))
        bench.set(.worker(1), .starting(since: bench.now))
        #expect(!bench.done.contains(.open))
        bench.set(.worker(1), .clearing(.unready))
        bench.set(.worker(1), .backingOff(until: bench.now + second))
        #expect(bench.done.suffix(2) == [.open, .finish])
    }

    @Test("a role that does not go over in its time is killed, once")
    func silent() {
        var bench = ChangeBench(workers: 1, wanted: 1)
        bench.settle()
        bench.now += limit
        bench.settle()
        bench.settle()
        #expect(bench.done == [.give(.acceptor), .kill(.acceptor)])
    }

    @Test("so is a worker too many that does not end")
    func staysOn() {
        var bench = ChangeBench(workers: 2, wanted: 1)
        bench.settle()
        for role in [Role.acceptor, .worker(0), .worker(1)] { bench.apply(role) }
        bench[.worker(1)].holdsShards = false
        bench.settle()
        bench.now += limit
        bench.settle()
        bench.settle()
        #expect(bench.done.suffix(2) == [.stop(.worker(1)), .kill(.worker(1))])
    }

    @Test("whoever dies whenever: bound once behind the acceptor, opened once with nobody behind, and it ends")
    func anyLife() {
        for seed in 0..<2000 as Range<UInt64> {
            var random = Xorshift(seed)
            let workers = Int(random.next(4)) + 1
            var bench = ChangeBench(workers: workers, wanted: Int(random.next(4)) + 1)
            var hasBound = false
            for round in 0..<400 {
                let place = Int(random.next(UInt64(bench.roles.count)))
                live(&bench, place, random.next(6), mayDie: round < 200)
                let effects = bench.change.step(bench.roles, at: bench.now)
                for effect in effects {
                    bench.done.append(effect)
                    switch effect {
                    case .give, .bind, .stop: break
                    case .open:
                        let isBehind = bench.roles.contains { $0.hasProcess && $0.applied < 2 }
                        #expect(hasBound && !isBehind, "seed \(seed)")
                    case .kill, .finish: break
                    }
                    if effect == .bind {
                        #expect(bench[.acceptor].applied == 2, "seed \(seed)")
                        hasBound = true
                    }
                }
                carryOut(effects, &bench)
            }
            #expect(bench.change.stage == .over, "seed \(seed)")
            for effect in [LiveChange.Effect.bind, .open, .finish] {
                #expect(bench.done.count { $0 == effect } == 1, "seed \(seed)")
            }
        }
    }

    /// One role goes a step on in its life.
    private func live(_ bench: inout ChangeBench, _ place: Int, _ choice: UInt64, mayDie: Bool) {
        let isSurplus = (bench.roles[place].role.worker ?? 0) >= bench.change.workers && bench.change.stage != .routing
        if isSurplus { bench.roles[place].holdsShards = false }
        switch bench.roles[place].phase {
        case .ready where choice == 0 && mayDie, .starting where choice == 0 && mayDie:
            bench.roles[place].phase = isSurplus ? .gone : .clearing(.ready)
            (bench.roles[place].given, bench.roles[place].applied) = (0, 0)
        case .ready:
            bench.roles[place].applied = bench.roles[place].given
            if isSurplus, bench.done.contains(.stop(Role(place: place, base: 0))) { bench.roles[place].phase = .gone }
        case .starting:
            bench.roles[place].phase = .ready
            bench.roles[place].applied = bench.roles[place].given
        case .clearing, .down, .backingOff:
            bench.roles[place].phase = isSurplus ? .gone : .starting(since: bench.now)
            (bench.roles[place].given, bench.roles[place].givenAt) = (2, bench.now)
        case .drained, .resting, .gone: break
        }
    }

    private func carryOut(_ effects: [LiveChange.Effect], _ bench: inout ChangeBench) {
        for effect in effects {
            if case .give(let role) = effect { bench.roles[role.place].given = 2 }
            guard effect == .bind else { continue }
            for role in Role.all(workers: bench.change.workers).dropFirst(bench.roles.count) {
                bench.roles.append(.init(role: role, phase: .starting(since: bench.now), given: 2))
            }
        }
    }
}
