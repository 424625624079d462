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
            {"time":"1970-01-01T00:01:40.000000000Z","generation":3,"pid":10,\
            "image":{"path":"/usr/bin/belfryd","version":"0.5.1",\
            "sha256":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},"replaced":true,\
            "state":"running","uptime":192,\
            "address":"127.0.0.1:2355","udp":true,"tcp":true,\
            "acceptor":{"pid":11,"age":190,"restarts":1,"connections":2},\
            "committer":{"pid":14,"age":5,"restarts":0,\
            "trouble":"segments/parked-0000000000000001.seg: no space left on device"},\
            "workers":[{"index":1,"pid":12,"age":7,"restarts":0,"leases":4},\
            {"index":2,"pid":null,"age":0,"restarts":9,"leases":0}],\
            "services":[{"name":"on-call","mode":"exec","state":"backing-off","until":"1970-01-01T00:01:43.500000000Z",\
            "reason":"command /usr/bin/page: no such file or directory","instances":0,"waiting":5,"in-flight":0,\
            "backing-off":1,"parked":2,"delivered":12345678,"retried":3}],\
            "ring":{"used":1572864,"size":67108864,"records":6,"capacity":65536,"oldest":"1970-01-01T00:01:10.000000000Z",\
            "held-by":"on-call"},\
            "rates":{"received":1203,"delivered":0},\
            "warnings":["the kernel drops datagrams; raise something that has a rather long name indeed"],\
            "keeper":{"pid":13,"age":4,"restarts":0,"waiting":2,"trouble":"store.sqlite: disk full"},\
            "incidents":[{"time":"1970-01-01T00:01:39.000000000Z","kind":"service-exit","process":"on-call",\
            "detail":"ended with exit 3","count":4}]}
            """
        #expect(Self.text { Self.status.write(into: &$0) } == expected)
    }

    @Test("status: text says all of it within 80 columns")
    func statusText() {
        let expected = """
            belfry    generation 3  pid 10  running  up 3m12s
            image     version 0.5.1  /usr/bin/belfryd  sha256 0123456789ab…
                      another file lies there by now
            port      127.0.0.1:2355 udp tcp  2 connections
            rates     received 1203/s  delivered 0/s
            ring      1.5 MiB of 64 MiB used  6 of 65536 records  oldest 30s (on-call)
            warning   the kernel drops datagrams; raise something that has a rather long
                      name indeed
            disk      segments/parked-0000000000000001.seg: no space left on device

            role               pid       age  restarts  leases
            acceptor            11     3m10s         1
            committer           14        5s         0
            worker 1            12        7s         0       4
            worker 2          none         -         9       0
            keeper              13        4s         0
                keeper: 2 dead letters not kept yet; store.sqlite: disk full

            services            state       inst waiting in-flight backoff delivered retried
              on-call           backing off    0       5         0       1     12.3M       3
                2 of them parked on the disk
                until 1970-01-01T00:01:43Z, in 3s: command /usr/bin/page: no such file or
                directory

            incidents
              1970-01-01T00:01:39Z  service-exit  on-call  ×4
                  ended with exit 3

            """
        #expect(String(decoding: Self.status.text(TextStyle()), as: UTF8.self) == expected)
    }

    @Test("ledger: JSON has the form of the manual")
    func ledgerJSON() {
        let expected = """
            {"since":"1970-01-01T00:01:40.000000000Z","intake":{"received":10,"published":7,"duplicate":1,\
            "refused":{"full":2,"http":0},"routed":6,"unrouted":1,"replayed":0,\
            "kernel-dropped":4},"services":{"on-call":{"matched":6,"delivered":3,"dead":0,"dropped":{"overflow":1},\
            "pending":2,"in-flight":1,"parked":0}}}
            """
        #expect(Self.text { Self.ledger.write(into: &$0) } == expected)
    }

    @Test("ledger: text can be added up by hand")
    func ledgerText() {
        let expected = """
            intake  balanced  counting since 1970-01-01T00:01:40Z
              received 10 = published 7 + duplicate 1 + refused 2
              published 7 = routed 6 + unrouted 1
              refused: full 2
              dropped by the kernel before Belfry saw it: ≥ 4

            services                 matched delivered      dead   dropped   pending
              on-call                      6         3         0         1         2
                dropped: overflow 1
                of pending: in flight 1, parked 0

            """
        #expect(String(decoding: Self.ledger.text(TextStyle()), as: UTF8.self) == expected)
    }

    @Test("ledger: what is out of balance is said, on either side")
    func outOfBalance() {
        var ledger = Self.ledger
        ledger.intake.received += 1
        ledger.services[0].pending += 1
        let text = String(decoding: ledger.text(TextStyle()), as: UTF8.self)
        #expect(text.split(separator: "\n").count { $0.contains("OUT OF BALANCE") } == 2)
        #expect(!text.contains("balanced"))
    }

    @Test("has the same letters with colours and without")
    func colours() {
        let coloured = String(decoding: Self.status.text(TextStyle(isColoured: true)), as: UTF8.self)
        let plain = String(decoding: Self.status.text(TextStyle()), as: UTF8.self)
        #expect(coloured.contains("\u{1B}[32mrunning\u{1B}[0m"))
        #expect(coloured.replacing(/\u{1B}\[[0-9]+m/, with: "") == plain)
    }

    @Test("lets no line look like the end of the answer, nor any control character through")
    func hostileNames() {
        var status = Self.status
        status.services[0].name = "ok"
        status.services[0].reason = "error: \u{1B}[2J\nok\n"
        let lines = String(decoding: status.text(TextStyle()), as: UTF8.self).split(separator: "\n")
        #expect(lines.allSatisfy { $0 != "ok" && !$0.hasPrefix("error: ") && !$0.contains("\u{1B}") })
    }

    @Test("is read back from its own JSON, and shows the same text")
    func roundTrip() throws {
        for report in [Self.status, Self.wide] {
            let read = try #require(StatusReport(Self.json(report)))
            #expect(read == report)
            #expect(read.text(TextStyle()) == report.text(TextStyle()))
        }
        #expect(LedgerReport(try Self.json(Self.ledger)) == Self.ledger)
    }

    @Test("is not read from JSON that says something unheard of")
    func unreadable() throws {
        let unheard = try Self.json(Self.status, replacing: "\"backing-off\",\"until\"", with: "\"asleep\",\"until\"")
        #expect(StatusReport(unheard) == nil)
        #expect(LedgerReport(try Self.json(Self.ledger, replacing: "\"parked\":0", with: "\"parked\":null")) == nil)
        #expect(StatusReport(.object([])) == nil)
    }

    @Test("fits the columns that there are, whatever the names and addresses", arguments: [72, 80, 100, 130, 200])
    func width(columns: Int) {
        let style = TextStyle(width: columns)
        for report in [Self.wide.text(style), Self.wideLedger.text(style)] {
            let lines = String(decoding: report, as: UTF8.self).split(separator: "\n")
            #expect(lines.allSatisfy { $0.count <= columns }, "\(lines.filter { $0.count > columns })")
            #expect(lines.contains { $0.hasPrefix("  serv") && $0.contains("-63 ") })
            #expect(lines.contains { $0.contains(" service-with-a-name-that-is-as-long") } == (columns >= 130))
        }
    }

    @Test("tells times on its reader's clock")
    func moment() {
        let style = TextStyle { time, now in "\(time / 1_000_000_000)/\(now / 1_000_000_000)" }
        #expect(String(decoding: Self.status.text(style), as: UTF8.self).contains("until 103/100, in 3s"))
    }

    @Test("says of an empty list whether there is none or none was asked for")
    func empty() {
        let text = String(decoding: LedgerReport().text(TextStyle()), as: UTF8.self)
        #expect(text.hasSuffix("  none configured: every notification is unrouted\n"))
        let filtered = String(decoding: StatusReport().text(TextStyle(isFiltered: true)), as: UTF8.self)
        #expect(filtered.hasSuffix("  none that fits\n"))
    }

    private static func json(
        _ report: some Report, replacing old: String = "", with new: String = ""
    ) throws -> JSONValue {
        let text = String(decoding: report.answer(.json), as: UTF8.self)
        return try #require(JSONValue(document: Array(text.replacing(old, with: new).utf8)))
    }

    @Test("of changes: a line for each, keys and values under each other")
    func changesText() {
        let expected = """
            b.yaml:4:15: look at this (warning)
            workers.count:            2 -> 4
            services.archive:         removed (draining)
            services.on-call.command: [/usr/bin/page, --now] -> [/usr/bin/page, --now,
                                      --all, --of, --them]
            ring.size:                64MiB stays, 128MiB needs a restart

            """
        #expect(String(decoding: Self.changes.text(TextStyle()), as: UTF8.self) == expected)
        #expect(String(decoding: ChangeReport().text(TextStyle()), as: UTF8.self) == "nothing has changed\n")
    }

    @Test("of changes: JSON is read back")
    func changesJSON() throws {
        let json = """
            {"version":2,"changed":[{"key":"workers.count","from":"2","to":"4"},\
            {"key":"services.archive","from":null,"to":"removed (draining)"},\
            {"key":"services.on-call.command","from":"[/usr/bin/page, --now]",\
            "to":"[/usr/bin/page, --now, --all, --of, --them]"}],\
            "restart":[{"key":"ring.size","running":"64MiB","file":"128MiB"}],\
            "warnings":["b.yaml:4:15: look at this (warning)"]}
            """
        #expect(Self.text { Self.changes.write(into: &$0) } == json)
        #expect(ChangeReport(try Self.json(Self.changes)) == Self.changes)
    }

    private static func text(_ write: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        write(&json)
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
