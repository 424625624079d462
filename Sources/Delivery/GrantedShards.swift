// SPDX-License-Identifier: Apache-2.0
/// The shards that a worker holds, each with its runner: opened and let go as the supervisor's grants say.
///
/// Part of Worker.
/// Invariant: a version of the grants is confirmed only when no process and no lease is left of what it takes away.

import LinuxIO
import Ring
import Settings

final class GrantedShards {
    private let context: WorkerContext
    private let index: Int
    private var definitions: Definitions
    /// By place.
    private var runners: [(any ServiceRunner)?] = [] { didSet { all = runners.compactMap { $0 } } }
    /// Those that there are: asked several times a round, changed with a grant.
    private(set) var all: [any ServiceRunner] = []
    /// The places of each slot's runners.
    private var places = [[Int]](repeating: [], count: RingGeometry.slots)
    /// Places of runners that finish: their grant is gone, or their definition.
    private var leaving: Set<Int> = []
    /// Those of them whose grant is gone.
    private var revoked: Set<Int> = []
    /// Whether something else than the grants has changed what is to be opened.
    private var mustCompare = false
    private var seen: UInt64 = 0
    private var confirmed: UInt64 = 0
    /// Slots that could not be opened, so that the log tells it once.
    private var refused: Set<Int> = []

    init(_ context: WorkerContext, index: Int, _ definitions: Definitions) {
        self.context = context
        self.index = index
        self.definitions = definitions
    }

    func runner(at place: Int) -> (any ServiceRunner)? { runners.indices.contains(place) ? runners[place] : nil }

    /// Whether the grants are those that were last looked at.
    var isUpToDate: Bool { context.ring.control.grantsVersion == seen }

    /// Nothing can be delivered before the deadline up to the head that was last looked at: not of the shards that it holds,
    /// and not of one that is on its way from one worker to another, and may come here.
    func areResting(until deadline: UInt64) -> Bool {
        all.allSatisfy { $0.shard.isResting(until: deadline, running: $0.running) } && !context.ring.hasUnheldWork
    }

    // MARK: the frontier's view

    /// Slots of which some shard has caught up.
    var interest: UInt64 {
        var mask: UInt64 = 0
        for runner in all {
            let shard = runner.shard
            if !shard.queue.isBehind { mask |= 1 << UInt64(shard.lease.slotIndex) }
        }
        return mask
    }

    /// Slots of which some shard holds about as much as it may, so that it must see what comes whatever its service does.
    var nearLimits: UInt64 {
        var mask: UInt64 = 0
        for runner in all {
            let shard = runner.shard
            if shard.isNearLimit { mask |= 1 << UInt64(shard.lease.slotIndex) }
        }
        return mask
    }

    /// Tells the shards that have caught up of a record.
    /// - Parameter slots: those of interest that the record is for.
    /// - Returns: the interest that is left.
    func tell(of sequence: UInt64, slots: UInt64) -> UInt64 {
        var rest = slots
        while rest != 0 {
            for place in places[rest.trailingZeroBitCount] {
                guard let shard = runners[place]?.shard, !shard.queue.isBehind, shard.lease.holds(sequence) else {
                    continue
                }
                shard.queue.follow(to: sequence, isBehind: true)
            }
            rest &= rest &- 1
        }
        return interest
    }

    // MARK: definitions

    /// Goes over to other definitions. Where a process would have to end for it, the shard finishes and is opened anew.
    func takeOver(_ definitions: Definitions) {
        self.definitions = definitions
        // What could not be opened may be there now.
        refused.removeAll()
        mustCompare = true
        for case let (place, runner?) in runners.enumerated() where !leaving.contains(place) {
            let shard = runner.shard
            guard let service = definitions.definition(of: shard.lease), service != shard.service else { continue }
            if !runner.takeOver(service) { leave(place) }
        }
    }

    private func leave(_ place: Int) {
        leaving.insert(place)
        runners[place]?.finish()
    }

    // MARK: grants

    /// Opens what was granted, ends what is not any more, and confirms when that is done.
    func keepToGrants() throws(SystemCallError) {
        // A shard that came back while it was being let go, or goes on by another definition, is opened as soon as it
        // is gone.
        while letGo() || mustCompare || !isUpToDate {
            mustCompare = false
            seen = context.ring.control.grantsVersion
            try compare()
        }
        guard revoked.isEmpty, confirmed != seen else { return }
        confirmed = seen
        context.ring.page.applied(grants: seen)
    }

    private func compare() throws(SystemCallError) {
        for slot in 0..<RingGeometry.slots {
            for shard in 0..<RingGeometry.shardsPerSlot {
                let isGranted = context.ring.control.holder(slot: slot, shard: shard) == index
                let place = places[slot].first { runners[$0]?.shard.lease.shard == shard }
                switch (isGranted, place) {
                case (true, nil): try open(slot, shard)
                case (false, let place?):
                    revoked.insert(place)
                    leave(place)
                default: break
                }
            }
        }
    }

    private func open(_ slot: Int, _ number: Int) throws(SystemCallError) {
        let lease: ShardLease
        do throws(RegionError) {
            lease = try context.ring.lease(slot: slot, shard: number)
        } catch {
            return refuse(slot, "\(error)")
        }
        guard let service = definitions.definition(of: lease) else {
            return refuse(slot, "service \(lease.slot.name) is not part of the settings")
        }
        let shard = Shard(service: service, lease: lease, context: context)
        FaultPoint.reach(.shardOpened)
        let place = runners.firstIndex { $0 == nil } ?? runners.count
        let runner: any ServiceRunner =
            service.mode == .exec ? try ExecRunner(shard, place: place) : try StreamRunner(shard, place: place)
        if place == runners.count { runners.append(runner) } else { runners[place] = runner }
        places[slot].append(place)
    }

    private func refuse(_ slot: Int, _ reason: String) {
        guard refused.insert(slot).inserted else { return }
        context.log.error("slot \(slot): \(reason)")
    }

    /// Gives up the leases of those that have finished.
    /// - Returns: whether there were any.
    private func letGo() -> Bool {
        var isAny = false
        for place in leaving {
            guard let runner = runners[place], runner.running == 0 else { continue }
            close(runner.shard)
            runners[place] = nil
            places[runner.shard.lease.slotIndex].removeAll { $0 == place }
            leaving.remove(place)
            revoked.remove(place)
            isAny = true
        }
        return isAny
    }

    /// Nothing of the shard runs any more. If its grant is gone, it may pass on at once, whatever else is still finishing.
    private func close(_ shard: Shard) {
        shard.close()
        FaultPoint.reach(.shardClosed)
        let version = context.ring.control.grantsVersion
        let holder = context.ring.control.holder(slot: shard.lease.slotIndex, shard: shard.lease.shard)
        if holder != index { shard.lease.letGo(version: version) }
        FaultPoint.reach(.shardLetGo)
    }
}
