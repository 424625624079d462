// SPDX-License-Identifier: Apache-2.0
/// Reports with something in each of their fields, and others with as much as they can have.
/// Used by ReportTests.

import Control

extension ReportTests {
    static let status: StatusReport = {
        var status = StatusReport()
        status.now = 100_000_000_000
        status.generation = 3
        status.pid = 10
        status.image = ProgramImage(
            path: "/usr/bin/belfryd", version: "0.5.1", digest: String(repeating: "0123456789abcdef", count: 4))
        status.isReplaced = true
        status.state = .running
        status.uptime = 192
        status.address = "127.0.0.1:2355"
        status.acceptor.pid = 11
        status.acceptor.age = 190
        status.acceptor.restarts = 1
        status.acceptor.connections = 2
        status.committer.pid = 14
        status.committer.age = 5
        status.committer.trouble = "segments/parked-0000000000000001.seg: no space left on device"
        var worker = StatusReport.Worker()
        worker.index = 1
        worker.pid = 12
        worker.age = 7
        worker.leases = 4
        var lost = StatusReport.Worker()
        lost.index = 2
        lost.restarts = 9
        status.workers = [worker, lost]
        var service = StatusReport.Service()
        service.name = "on-call"
        service.mode = "exec"
        service.state = .backingOff
        service.until = 103_500_000_000
        service.reason = "command /usr/bin/page: no such file or directory"
        service.waiting = 5
        service.backingOff = 1
        service.parked = 2
        service.delivered = 12_345_678
        service.retried = 3
        status.services = [service]
        status.ring.used = 3 << 19
        status.ring.size = 64 << 20
        status.ring.records = 6
        status.ring.capacity = 65_536
        status.ring.oldest = 70_000_000_000
        status.ring.heldBy = "on-call"
        status.rates.received = 1203
        status.warnings = ["the kernel drops datagrams; raise something that has a rather long name indeed"]
        status.keeper.pid = 13
        status.keeper.age = 4
        status.keeper.waiting = 2
        status.keeper.trouble = "store.sqlite: disk full"
        status.incidents = [
            Incident(time: 99_000_000_000, .serviceExit, "on-call", "ended with exit 3", count: 4)
        ]
        return status
    }()

    /// 64 services with long names, 64 workers, an IPv6 address, great numbers.
    static let wide: StatusReport = {
        var status = StatusReport()
        status.now = 1_700_000_000_000_000_000
        status.pid = 4_194_304
        status.uptime = .max
        status.address = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535"
        status.acceptor.connections = 1_000_000
        status.workers = (1...64).map { index in
            var worker = StatusReport.Worker()
            worker.index = index
            worker.pid = 4_194_304
            worker.age = .max
            worker.restarts = .max
            worker.leases = 4096
            return worker
        }
        status.services = (0..<64).map { index in
            var service = StatusReport.Service()
            service.name = "service-with-a-name-that-is-as-long-as-it-may-be-at-the-end-\(index)"
            service.mode = "stream"
            service.state = .backingOff
            service.until = 1_800_000_000_000_000_000
            service.reason = String(repeating: "reason", count: 40)
            service.instances = 1024
            service.waiting = .max
            service.inFlight = .max
            service.backingOff = .max
            service.delivered = .max
            service.retried = .max
            return service
        }
        status.ring.used = 60 << 30
        status.ring.size = 64 << 30
        status.ring.records = .max
        status.ring.capacity = .max
        status.ring.oldest = 0
        status.ring.heldBy = status.services.last?.name
        status.rates.received = .max
        return status
    }()

    static let wideLedger: LedgerReport = {
        var ledger = LedgerReport()
        ledger.since = 100_000_000_000
        ledger.intake.received = .max
        ledger.intake.refused = [.init("unknown-version", .max)]
        ledger.services = wide.services.map { service in
            var row = LedgerReport.Service()
            row.name = service.name
            row.matched = .max
            row.delivered = .max
            row.dropped = [.init("overflow", .max)]
            row.pending = .max
            return row
        }
        return ledger
    }()

    static let ledger: LedgerReport = {
        var ledger = LedgerReport()
        ledger.since = 100_000_000_000
        ledger.intake.received = 10
        ledger.intake.published = 7
        ledger.intake.duplicate = 1
        ledger.intake.refused = [.init("full", 2), .init("http", 0)]
        ledger.intake.routed = 6
        ledger.intake.unrouted = 1
        ledger.intake.kernelDropped = 4
        var service = LedgerReport.Service()
        service.name = "on-call"
        service.matched = 6
        service.delivered = 3
        service.dropped = [.init("overflow", 1)]
        service.pending = 2
        service.inFlight = 1
        ledger.services = [service]
        return ledger
    }()

    static let changes: ChangeReport = {
        var changes = ChangeReport()
        changes.warnings = ["b.yaml:4:15: look at this (warning)"]
        changes.version = 2
        changes.changed = [
            .init("workers.count", from: "2", to: "4"),
            .init("services.archive", from: nil, to: "removed (draining)"),
            .init(
                "services.on-call.command", from: "[/usr/bin/page, --now]",
                to: "[/usr/bin/page, --now, --all, --of, --them]"),
        ]
        changes.restart = [.init("ring.size", running: "64MiB", file: "128MiB")]
        return changes
    }()
}
