// SPDX-License-Identifier: Apache-2.0
/// Which worker holds which shard, and how a shard passes from one to another: by way of nobody.
///
/// The Supervisor asks it for the next step whenever a worker comes, goes, or has confirmed a version of the grants, and
/// writes what it answers into R0.
/// Invariant: a shard is granted only when its last holder has confirmed that it let go, or has no process any more.

package struct LeaseTable: Equatable, Sendable {
    package struct Shard: Hashable, Sendable {
        package let slot: Int
        package let shard: Int

        package init(slot: Int, shard: Int) {
            self.slot = slot
            self.shard = shard
        }
    }

    package struct Change: Equatable, Sendable {
        package let shard: Shard
        /// nil: nobody's, until the holder has confirmed.
        package let worker: Int?
    }

    /// A worker as the table needs to know it.
    package struct Worker: Equatable, Sendable {
        package let index: Int
        /// May be given shards.
        package let isUsable: Bool
        /// Has, or may have, a process that acts on grants.
        package let mayTouch: Bool
        /// The version of the grants that it has confirmed.
        package let applied: UInt64

        package init(index: Int, isUsable: Bool, mayTouch: Bool, applied: UInt64) {
            self.index = index
            self.isUsable = isUsable
            self.mayTouch = mayTouch
            self.applied = applied
        }
    }

    private enum Holder: Equatable, Sendable {
        case nobody
        case held(Int)
        /// Taken back in this version; not yet confirmed.
        case leaving(Int, version: UInt64)
    }

    private let shards: [Shard]
    private var holders: [Holder]

    package init(shards: [Shard]) {
        self.shards = shards
        holders = Array(repeating: .nobody, count: shards.count)
    }

    /// Whether some worker has yet to confirm.
    package var isWaiting: Bool {
        holders.contains { if case .leaving = $0 { true } else { false } }
    }

    /// Shards of a worker.
    package func count(of worker: Int) -> Int { holders.count { $0 == .held(worker) } }

    /// The next step towards an even share.
    /// - Parameter version: the one that the changes, if there are any, will be published as.
    package mutating func step(_ workers: [Worker], version: UInt64) -> [Change] {
        for place in holders.indices where isFree(holders[place], workers) { holders[place] = .nobody }
        let usable = workers.filter(\.isUsable).map(\.index)
        // With nobody to give them to, they stay where they are: whoever comes back finds its own.
        guard !usable.isEmpty else { return [] }
        let current = holders.map { holder in if case .held(let worker) = holder { worker } else { Int?.none } }
        let wanted = LeasePlan.share(shards, held: current, among: usable)
        var changes: [Change] = []
        for place in holders.indices {
            switch holders[place] {
            case .nobody:
                holders[place] = .held(wanted[place])
                changes.append(Change(shard: shards[place], worker: wanted[place]))
            case .held(let worker) where worker != wanted[place]:
                holders[place] = .leaving(worker, version: version)
                changes.append(Change(shard: shards[place], worker: nil))
            case .held, .leaving: break
            }
        }
        return changes
    }

    private func isFree(_ holder: Holder, _ workers: [Worker]) -> Bool {
        switch holder {
        case .nobody: return true
        case .held(let index):
            guard let worker = workers.first(where: { $0.index == index }) else { return true }
            // A usable one without a process is about to be started: it finds its shards where they were.
            return !worker.mayTouch && !worker.isUsable && workers.contains { $0.isUsable }
        case .leaving(let index, let version):
            guard let worker = workers.first(where: { $0.index == index }) else { return true }
            return !worker.mayTouch || worker.applied >= version
        }
    }
}
