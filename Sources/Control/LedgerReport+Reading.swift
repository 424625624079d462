// SPDX-License-Identifier: Apache-2.0
/// The ledger out of its JSON.
///
/// Used by the command-line tool.
/// Invariant: a number that is missing makes the report unreadable, because its sums would then say something false.

extension LedgerReport {
    package init?(_ json: JSONValue) {
        self.init()
        guard let since = json["since"]?.time, let intake = Intake(json["intake"] ?? .null) else { return nil }
        self.since = since
        self.intake = intake
        let services = json["services"]?.members ?? []
        self.services = services.compactMap { Service($0.name, $0.value) }
        guard self.services.count == services.count else { return nil }
    }
}

extension LedgerReport.Intake {
    fileprivate init?(_ json: JSONValue) {
        guard let received = json["received"]?.count, let published = json["published"]?.count,
            let duplicate = json["duplicate"]?.count, let routed = json["routed"]?.count,
            let unrouted = json["unrouted"]?.count, let kernelDropped = json["kernel-dropped"]?.count,
            let refused = json["refused"]?.counts
        else { return nil }
        self.received = received
        self.published = published
        self.duplicate = duplicate
        self.refused = refused
        self.routed = routed
        self.unrouted = unrouted
        self.kernelDropped = kernelDropped
        replayed = json["replayed"]?.count ?? 0
    }
}

extension LedgerReport.Service {
    fileprivate init?(_ name: String, _ json: JSONValue) {
        guard let matched = json["matched"]?.count, let delivered = json["delivered"]?.count,
            let dead = json["dead"]?.count, let dropped = json["dropped"]?.counts,
            let pending = json["pending"]?.count, let inFlight = json["in-flight"]?.count,
            let parked = json["parked"]?.count
        else { return nil }
        self.name = name
        self.matched = matched
        self.delivered = delivered
        self.dead = dead
        self.dropped = dropped
        self.pending = pending
        self.inFlight = inFlight
        self.parked = parked
    }
}

extension JSONValue {
    /// An object of numbers; nil if a value is none.
    fileprivate var counts: [LedgerReport.Count]? {
        let counts = members.compactMap { member in member.value.count.map { LedgerReport.Count(member.name, $0) } }
        return counts.count == members.count ? counts : nil
    }
}
