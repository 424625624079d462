// SPDX-License-Identifier: Apache-2.0
/// Which worker has which shard: grants and takings back as LeaseTable decides them, and the bells behind them.
///
/// Part of the Supervisor; called whenever a worker comes, goes, or has confirmed something.
/// Invariant: what LeaseTable is told of a worker is what its page and its life say at this moment, be it ours or a
/// predecessor's.

internal import LinuxIO
internal import Reactor

extension Supervisor {
    /// Passes shards on towards an even share, a step at a time.
    func share() {
        guard acts, takeOver?.plan.mayShare ?? true else { return }
        let workers = leaseholders
        var isFreeing = true
        while isFreeing {
            leases.add(regions.table.openShards)
            let changes = leases.step(workers, version: grantsVersion &+ 1) { [regions] in
                regions.ledger.letGo(slot: $0.slot, shard: $0.shard)
            }
            for change in changes {
                regions.writer.grant(slot: change.shard.slot, shard: change.shard.shard, to: change.worker)
            }
            if !changes.isEmpty {
                grantsVersion = regions.writer.publishGrants()
                FaultPoint.reach(.grantsPublished)
                ringEveryBell()
            }
            // A slot that is freed would be another than the one that a successor was told of.
            let ended = isFrozen ? [] : leases.takeEnded()
            for slot in ended { free(slot) }
            // What followed them may be granted now.
            isFreeing = !ended.isEmpty
        }
        if leases.isWaiting, !isWatchingLeases {
            isWatchingLeases = true
            _ = loop.schedule(Subject(kind: Kind.leases), at: Clock.monotonic() &+ Self.glance)
        }
    }

    /// Those of a predecessor have what they have until they let go of it.
    private var leaseholders: [LeaseTable.Worker] {
        let ours = workerDesks.compactMap { desk in
            desk.role.worker.map { index in
                LeaseTable.Worker(
                    index: index, isUsable: plan[desk.role].isUsable, mayTouch: plan[desk.role].mayTouch,
                    applied: desk.page.grantsApplied)
            }
        }
        let theirs = (takeOver?.former ?? []).compactMap { former in
            former.role.worker.map { index in
                LeaseTable.Worker(
                    index: index, isUsable: false, mayTouch: !former.isGone,
                    applied: former.desk?.page.grantsApplied ?? 0)
            }
        }
        return ours + theirs
    }

    /// By the index of the worker.
    var workerDesks: ArraySlice<RoleDesk> { desks.dropFirst(Role.single.count) }

    func ringEveryBell() {
        for desk in desks { desk.bell.ring() }
        for former in takeOver?.former ?? [] { former.desk?.bell.ring() }
    }
}
