// SPDX-License-Identifier: Apache-2.0
/// Which worker holds which shard, and how a shard passes from one to another: by way of nobody. Shards come and go with
/// their services.
///
/// The Supervisor asks it for the next step whenever a worker comes, goes, or has confirmed a version of the grants, and
/// writes what it answers into R0.
/// Invariant: a shard is granted only when its last holder has confirmed that it let go, of this one or of all that was
/// taken back so far, or has no process any more.

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
        /// Taken back by another supervisor, in this version at the latest; from whom is not known.
        case left(version: UInt64)
    }

    private var shards: [Shard]
    private var holders: [Holder]
    /// Slots whose shards are taken back for good.
    private var ending: Set<Int> = []

    package init(shards: [Shard]) {
        self.shards = shards
        holders = Array(repeating: .nobody, count: shards.count)
    }

    /// As another supervisor has left it.
    /// - Parameters: `version`: of the grants that are there. `holder`: what they say of a shard.
    package init(shards: [Shard], version: UInt64, holder: (Shard) -> Int?) {
        self.shards = shards
        holders = shards.map { holder($0).map(Holder.held) ?? .left(version: version) }
    }

    /// Whether some worker has yet to confirm.
    package var isWaiting: Bool {
        holders.contains { holder in
            switch holder {
            case .leaving, .left: true
            case .nobody, .held: false
            }
        }
    }

    /// Adds those that are not here yet.
    package mutating func add(_ new: [Shard]) {
        for shard in new where !shards.contains(shard) {
            shards.append(shard)
            holders.append(.nobody)
        }
    }

    /// Takes back the shards of a slot for good, with the next steps.
    package mutating func end(slot: Int) { ending.insert(slot) }

    /// Whether `end` was said.
    package func isEnding(slot: Int) -> Bool { ending.contains(slot) }

    /// Forgets the slots that are ending and of which nobody holds a shard any more.
    /// - Returns: them; each is told once.
    package mutating func takeEnded() -> [Int] {
        let done = ending.filter { slot in
            shards.indices.allSatisfy { shards[$0].slot != slot || holders[$0] == .nobody }
        }.sorted()
        for place in shards.indices.reversed() where done.contains(shards[place].slot) {
            shards.remove(at: place)
            holders.remove(at: place)
        }
        ending.subtract(done)
        return done
    }

    /// Whether a worker has shards, or has yet to confirm that it let go of one.
    package func isHolding(_ worker: Int) -> Bool {
        holders.contains { holder in
            switch holder {
            case .nobody: false
            case .held(let index), .leaving(let index, _): index == worker
            // It may be this one's.
            case .left: true
            }
        }
    }

    /// Shards of a worker.
    package func count(of worker: Int) -> Int { holders.count { $0 == .held(worker) } }

    /// The next step towards an even share.
    /// - Parameters: `version`: the one that the changes, if there are any, will be published as. `letGo`: the one as of
    ///   which a shard's last holder had let go of it, whatever else that holder has yet to confirm.
    package mutating func step(
        _ workers: [Worker], version: UInt64, letGo: (Shard) -> UInt64 = { _ in 0 }
    ) -> [Change] {
        for place in holders.indices where isFree(place, workers, letGo) { holders[place] = .nobody }
        var changes = revokeEnding(version)
        let usable = workers.filter(\.isUsable).map(\.index)
        // With nobody to give them to, they stay where they are: whoever comes back finds its own.
        guard !usable.isEmpty else { return changes }
        let places = shards.indices.filter { !ending.contains(shards[$0].slot) }
        let current = places.map { place in if case .held(let worker) = holders[place] { worker } else { Int?.none } }
        let wanted = LeasePlan.share(places.map { shards[$0] }, held: current, among: usable)
        for (place, wanted) in zip(places, wanted) {
            switch holders[place] {
            case .nobody:
                holders[place] = .held(wanted)
                changes.append(Change(shard: shards[place], worker: wanted))
            case .held(let worker) where worker != wanted:
                holders[place] = .leaving(worker, version: version)
                changes.append(Change(shard: shards[place], worker: nil))
            case .held, .leaving, .left: break
            }
        }
        return changes
    }

    private mutating func revokeEnding(_ version: UInt64) -> [Change] {
        var changes: [Change] = []
        for place in shards.indices where ending.contains(shards[place].slot) {
            guard case .held(let worker) = holders[place] else { continue }
            holders[place] = .leaving(worker, version: version)
            changes.append(Change(shard: shards[place], worker: nil))
        }
        return changes
    }

    private func isFree(_ place: Int, _ workers: [Worker], _ letGo: (Shard) -> UInt64) -> Bool {
        switch holders[place] {
        case .nobody: return true
        case .held(let index):
            guard let worker = workers.first(where: { $0.index == index }) else { return true }
            // A usable one without a process is about to be started: it finds its shards where they were.
            return !worker.mayTouch && !worker.isUsable && workers.contains { $0.isUsable }
        case .leaving(let index, let version):
            guard let worker = workers.first(where: { $0.index == index }) else { return true }
            return !worker.mayTouch || worker.applied >= version || letGo(shards[place]) >= version
        case .left(let version):
            return letGo(shards[place]) >= version
                || workers.allSatisfy { !$0.mayTouch || $0.applied >= version }
        }
    }
}
