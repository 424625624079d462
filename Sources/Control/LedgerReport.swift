// SPDX-License-Identifier: Apache-2.0
/// The ledger at one moment: what came in, and what became of it for each service.
///
/// Filled in by the supervisor from the ring's totals; shown by `belfry ledger`.
/// Invariant (of a Belfry that works; `intake.balances` and `Service.balances` tell): received = published + duplicate
/// + refused; published = routed + unrouted; matched = delivered + dead + dropped + pending.

package import Wire

package struct LedgerReport: Report, Equatable {
    package struct Count: Equatable, Sendable {
        package var reason: String
        package var count: UInt64

        package init(_ reason: String, _ count: UInt64) {
            self.reason = reason
            self.count = count
        }
    }

    package struct Intake: Equatable, Sendable {
        package var received: UInt64 = 0
        package var published: UInt64 = 0
        package var duplicate: UInt64 = 0
        /// Of what was published, dead letters that were delivered again.
        package var replayed: UInt64 = 0
        package var refused: [Count] = []
        package var routed: UInt64 = 0
        package var unrouted: UInt64 = 0
        /// A lower bound: with the kernel's offload on, one drop may have been a whole train of datagrams.
        package var kernelDropped: UInt64 = 0

        package init() {}

        package var balances: Bool {
            received == published &+ duplicate &+ refused.total && published == routed &+ unrouted
        }
    }

    package struct Service: Equatable, Sendable {
        package var name = ""
        package var matched: UInt64 = 0
        package var delivered: UInt64 = 0
        package var dead: UInt64 = 0
        package var dropped: [Count] = []
        package var pending: UInt64 = 0
        package var inFlight: UInt64 = 0
        package var parked: UInt64 = 0

        package init() {}

        package var balances: Bool { matched == delivered &+ dead &+ dropped.total &+ pending }
    }

    /// From when on all of it is counted, ns since 1970: when the log began, however often Belfry was started since.
    package var since: UInt64 = 0
    package var intake = Intake()
    package var services: [Service] = []

    package init() {}

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("since", time: since)
        json.member("intake")
        intake.write(into: &json)
        json.member("services")
        json.beginObject()
        for service in services {
            json.member(service.name)
            service.write(into: &json)
        }
        json.endObject()
        json.endObject()
    }
}

extension LedgerReport.Intake {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("received", received)
        json.member("published", published)
        json.member("duplicate", duplicate)
        refused.write("refused", into: &json)
        json.member("routed", routed)
        json.member("unrouted", unrouted)
        json.member("replayed", replayed)
        json.member("kernel-dropped", kernelDropped)
        json.endObject()
    }
}

extension LedgerReport.Service {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("matched", matched)
        json.member("delivered", delivered)
        json.member("dead", dead)
        dropped.write("dropped", into: &json)
        json.member("pending", pending)
        json.member("in-flight", inFlight)
        json.member("parked", parked)
        json.endObject()
    }
}

extension [LedgerReport.Count] {
    /// Never traps: a sum that does not fit can't balance anyway.
    var total: UInt64 { reduce(0) { $0 &+ $1.count } }

    fileprivate func write(_ name: String, into json: inout JSONWriter) {
        json.member(name)
        json.beginObject()
        for entry in self { json.member(entry.reason, entry.count) }
        json.endObject()
    }
}
