// SPDX-License-Identifier: Apache-2.0
/// Both reports, as machines and as people get them.

import Control
import Testing
import Wire

@Suite("A report")
struct ReportTests {
    @Test("status: JSON has every key, and null for what is not known")
    func statusJSON() {
        let expected = """
            {"time":"1970-01-01T00:01:40.000000000Z","generation":3,"pid":10,"state":"running","uptime":192,\
            "address":"127.0.0.1:2355","udp":true,"tcp":true,\
            "acceptor":{"pid":11,"age":190,"restarts":1,"connections":2},\
            "workers":[{"index":1,"pid":12,"age":7,"restarts":0,"leases":4},\
            {"index":2,"pid":null,"age":0,"restarts":9,"leases":0}],\
            "services":[{"name":"on-call","mode":"exec","state":"backing-off","until":"1970-01-01T00:01:43.500000000Z",\
            "reason":"command /usr/bin/page: no such file or directory","instances":0,"waiting":5,"in-flight":0,\
            "backing-off":1,"delivered":12345678,"retried":3}],\
            "ring":{"used":1572864,"size":67108864,"records":6,"capacity":65536,"oldest":"1970-01-01T00:01:10.000000000Z"},\
            "rates":{"received":1203,"delivered":0}}
            """
        #expect(Self.text { Self.status.write(into: &$0) } == expected)
    }

    @Test("status: text says all of it within 80 columns")
    func statusText() {
        let expected = """
            belfry    generation 3  pid 10  running  up 3m12s
            port      127.0.0.1:2355 udp tcp  2 connections
            rates     received 1203/s  delivered 0/s
            ring      1.5 MiB of 64 MiB used  6 records of 65536  oldest 30s

            role               pid       age  restarts  leases
            acceptor            11     3m10s         1
            worker 1            12        7s         0       4
            worker 2          none         -         9       0

            services              state        inst  waiting in-flight delivered  retried
              on-call             backing off     0        6         0     12.3M        3
                until 1970-01-01T00:01:43Z, in 3s: command /usr/bin/page: no such file or
                directory

            """
        #expect(String(decoding: Self.status.text(coloured: false), as: UTF8.self) == expected)
    }

    @Test("ledger: JSON has the form of the manual")
    func ledgerJSON() {
        let expected = """
            {"intake":{"received":10,"published":7,"duplicate":1,"refused":{"full":2,"http":0},"routed":6,"unrouted":1,\
            "kernel-dropped":4},"services":{"on-call":{"matched":6,"delivered":3,"dead":0,"dropped":{"rejected":1},\
            "pending":2,"in-flight":1,"parked":0}}}
            """
        #expect(Self.text { Self.ledger.write(into: &$0) } == expected)
    }

    @Test("ledger: text can be added up by hand")
    func ledgerText() {
        let expected = """
            intake  balanced
              received 10 = published 7 + duplicate 1 + refused 2
              published 7 = routed 6 + unrouted 1
              refused: full 2
              dropped by the kernel before Belfry saw it: ≥ 4

            services                    matched  delivered       dead    dropped    pending
              on-call                         6          3          0          1          2
                dropped: rejected 1
                of pending: in flight 1, parked 0

            """
        #expect(String(decoding: Self.ledger.text(coloured: false), as: UTF8.self) == expected)
    }

    @Test("ledger: what is out of balance is said, on either side")
    func outOfBalance() {
        var ledger = Self.ledger
        ledger.intake.received += 1
        ledger.services[0].pending += 1
        let text = String(decoding: ledger.text(coloured: false), as: UTF8.self)
        #expect(text.split(separator: "\n").count { $0.hasSuffix("OUT OF BALANCE") } == 2)
        #expect(!text.contains("balanced"))
    }

    @Test("has the same letters with colours and without")
    func colours() {
        let coloured = String(decoding: Self.status.text(coloured: true), as: UTF8.self)
        let plain = String(decoding: Self.status.text(coloured: false), as: UTF8.self)
        #expect(coloured.contains("\u{1B}[32mrunning\u{1B}[0m"))
        #expect(coloured.replacing(/\u{1B}\[[0-9]+m/, with: "") == plain)
    }

    @Test("lets no line look like the end of the answer, nor any control character through")
    func hostileNames() {
        var status = Self.status
        status.services[0].name = "ok"
        status.services[0].reason = "error: \u{1B}[2J\nok\n"
        let lines = String(decoding: status.text(coloured: false), as: UTF8.self).split(separator: "\n")
        #expect(lines.allSatisfy { $0 != "ok" && !$0.hasPrefix("error: ") && !$0.contains("\u{1B}") })
    }

    private static func text(_ write: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        write(&json)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    static let status: StatusReport = {
        var status = StatusReport()
        status.now = 100_000_000_000
        status.generation = 3
        status.pid = 10
        status.state = .running
        status.uptime = 192
        status.address = "127.0.0.1:2355"
        status.acceptor.pid = 11
        status.acceptor.age = 190
        status.acceptor.restarts = 1
        status.acceptor.connections = 2
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
        service.delivered = 12_345_678
        service.retried = 3
        status.services = [service]
        status.ring.used = 3 << 19
        status.ring.size = 64 << 20
        status.ring.records = 6
        status.ring.capacity = 65_536
        status.ring.oldest = 70_000_000_000
        status.rates.received = 1203
        return status
    }()

    static let ledger: LedgerReport = {
        var ledger = LedgerReport()
        ledger.intake.received = 10
        ledger.intake.published = 7
        ledger.intake.duplicate = 1
        ledger.intake.refused = [.init("full", 2), .init("http", 0)]
        ledger.intake.routed = 6
        ledger.intake.unrouted = 1
        ledger.intake.kernelDropped = 4
        ledger.intake.kernelDroppedIsLowerBound = true
        var service = LedgerReport.Service()
        service.name = "on-call"
        service.matched = 6
        service.delivered = 3
        service.dropped = [.init("rejected", 1)]
        service.pending = 2
        service.inFlight = 1
        ledger.services = [service]
        return ledger
    }()
}
