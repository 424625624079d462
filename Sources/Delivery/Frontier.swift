// SPDX-License-Identifier: Apache-2.0
/// One look at each new record for all shards of a worker that have nothing to do.
///
/// Pure; Worker asks it each round. A shard that is found a record goes on by itself until it has caught up.
/// Invariant: below `position` there is no record of a caught-up shard that the shard was not told of.

struct Frontier {
    private(set) var position: UInt64

    init(at position: UInt64) { self.position = position }

    /// Looks through the new records up to `head`.
    /// - Parameters:
    ///   - interest: slots of which this worker has a caught-up shard.
    ///   - mask: the slots that a record is for.
    ///   - found: told of a record for slots of interest; returns the slots that are still of interest.
    mutating func advance(
        to head: UInt64, interest: UInt64, mask: (UInt64) -> UInt64, found: (UInt64, UInt64) -> UInt64
    ) {
        var interest = interest
        var sequence = position
        while sequence < head, interest != 0 {
            let slots = mask(sequence) & interest
            if slots != 0 { interest = found(sequence, slots) }
            sequence &+= 1
        }
        position = max(position, head)
    }
}
