// SPDX-License-Identifier: Apache-2.0
/// The even share: which worker should hold which shard, moving as few as possible.
///
/// Pure; used by LeaseTable, which makes the moves in a safe order.
/// Invariant: any two workers' shares differ by one at most, and a shard moves only if its holder has too many or is
/// not among the workers.

package enum LeasePlan {
    /// - Parameters: `held`: the present holder of each shard, or nil. `workers`: at least one, without repetition.
    /// - Returns: a worker for each shard, in the order of `shards`.
    package static func share(_ shards: [LeaseTable.Shard], held: [Int?], among workers: [Int]) -> [Int] {
        var quota = quotas(shards.count, held: held, among: workers)
        var result = [Int?](repeating: nil, count: shards.count)
        for place in shards.indices {
            guard let worker = held[place], let left = quota[worker], left > 0 else { continue }
            quota[worker] = left - 1
            result[place] = worker
        }
        // Shards of the same service go to different workers as far as the quotas allow.
        var ofSlot: [LeaseTable.Shard: Int] = [:]
        for place in shards.indices {
            if let worker = result[place] { ofSlot[key(shards[place], worker), default: 0] += 1 }
        }
        for place in shards.indices where result[place] == nil {
            let open = workers.filter { quota[$0, default: 0] > 0 }
            let worker = open.min {
                (ofSlot[key(shards[place], $0), default: 0], -quota[$0, default: 0], $0)
                    < (ofSlot[key(shards[place], $1), default: 0], -quota[$1, default: 0], $1)
            }
            // The quotas add up to the number of shards, so one is open for each.
            guard let worker else { break }
            quota[worker, default: 0] -= 1
            ofSlot[key(shards[place], worker), default: 0] += 1
            result[place] = worker
        }
        return result.map { $0 ?? workers[0] }
    }

    /// How many each may hold: the larger shares go to those who hold most already.
    private static func quotas(_ count: Int, held: [Int?], among workers: [Int]) -> [Int: Int] {
        let holding = workers.map { worker in held.count { $0 == worker } }
        let order = workers.indices.sorted { (-holding[$0], workers[$0]) < (-holding[$1], workers[$1]) }
        var quota: [Int: Int] = [:]
        for (rank, place) in order.enumerated() {
            quota[workers[place]] = count / workers.count + (rank < count % workers.count ? 1 : 0)
        }
        return quota
    }

    /// A worker's part of a service, as a key to count by.
    private static func key(_ shard: LeaseTable.Shard, _ worker: Int) -> LeaseTable.Shard {
        LeaseTable.Shard(slot: shard.slot, shard: worker)
    }
}
