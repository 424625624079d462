// SPDX-License-Identifier: Apache-2.0
/// One service's counts by its name: those of every slot that it has, retiring ones too, and of those that it had.
///
/// Used for the reports and the last account. A service whose shards or order were changed has two slots for a while.
/// Invariant: matched = delivered + dead + dropped + pending, as for each slot alone.

internal import Ring
internal import Settings

struct ServiceAccount {
    let name: String
    /// The slots that it has now, the active one first; none for a service that is gone.
    var slots: [Int] = []
    /// As it is now, or as it was last.
    var service: Settings.Service?
    /// It has an active slot.
    var isActive = false
    var counts = RingLedger.Service()

    /// Services in the order of the file, then those that retire, then those that are gone.
    static func all(_ regions: Regions) throws -> [ServiceAccount] {
        var accounts: [ServiceAccount] = []
        var places: [String: Int] = [:]
        func account(_ name: String) -> Int {
            if let place = places[name] { return place }
            places[name] = accounts.count
            accounts.append(ServiceAccount(name: name))
            return accounts.count - 1
        }
        for service in regions.table.services {
            guard let slot = service.placement?.slot, let found = try regions.ledger.service(at: slot) else { continue }
            accounts[account(found.slot.name)].add(slot, service, found.counts)
        }
        for name in regions.past.names {
            guard let past = regions.past[name] else { continue }
            accounts[account(name)].add(past)
        }
        return accounts
    }

    private mutating func add(_ slot: Int, _ service: Settings.Service, _ other: RingLedger.Service) {
        slots.append(slot)
        if self.service == nil { self.service = service }
        if service.placement?.state == .active { isActive = true }
        counts.matched &+= other.matched
        for code in other.outcomes.indices { counts.outcomes[code] &+= other.outcomes[code] }
        counts.inFlight &+= other.inFlight
        counts.backingOff &+= other.backingOff
        counts.parked &+= other.parked
        counts.shards += other.shards
    }

    private mutating func add(_ past: PastAccounts.Account) {
        counts.matched &+= past.matched
        for code in past.outcomes.indices { counts.outcomes[code] &+= past.outcomes[code] }
        before = past
    }

    /// What slots that are free again had counted; it is part of `counts`, as far as that has a place for it.
    var before = PastAccounts.Account()
}
