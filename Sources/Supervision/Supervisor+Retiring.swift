// SPDX-License-Identifier: Apache-2.0
/// Slots that retire: found to have nothing pending, taken back from their workers, and freed.
///
/// Part of the Supervisor; called when a worker says that it is done with one, and on the watchdog's tick.
/// Invariant: a slot is freed only when its floors have passed its end and nobody holds a shard of it.

internal import Logging

extension Supervisor {
    /// Takes back the shards of slots that are done.
    func lookAtRetiring() {
        guard !isFrozen else { return }
        let done = regions.table.indices.filter { !leases.isEnding(slot: $0) && regions.isResolved($0) }
        guard !done.isEmpty else { return }
        for slot in done { leases.end(slot: slot) }
        share()
    }

    func free(_ slot: Int) {
        let name = regions.table[slot]?.slot.name ?? ""
        do {
            try regions.free(slot)
            // Until it is told there is no checkpoint: one without the slot and without its account would lose what it
            // has counted.
            tellAccount()
            keepPauses(renamed: [])
            log.info("service \(name): slot \(slot) has nothing pending any more and is free")
        } catch {
            log.error("service \(name): slot \(slot) can't be freed: \(error)")
        }
    }
}
