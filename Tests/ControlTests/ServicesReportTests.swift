// SPDX-License-Identifier: Apache-2.0
/// The services in detail, and what came of a pause, resume or retry, as machines and as people get them.

import Testing
import Wire

@testable import Control

@Suite("The report of the services")
struct ServicesReportTests {
    private static let report: ServicesReport = {
        var service = ServicesReport.Service()
        service.name = "on-call"
        service.state = .backingOff
        service.until = 103_500_000_000
        service.reason = "ended with exit 3"
        service.definition.topics = ["alerts.disk.>", "syslog.daemon.crit"]
        service.definition.command = ["/usr/lib/belfry/page", "--now", "it's late"]
        service.definition.mode = "exec"
        service.definition.order = "source"
        service.definition.lanes = 2
        service.definition.concurrency = 4
        service.definition.ackTimeout = 30_000_000_000
        service.definition.attempts = 5
        service.definition.backoff = 500_000_000
        service.definition.maxBackoff = 300_000_000_000
        service.definition.jitter = 25
        service.definition.timeLimit = 3_600_000_000_000
        service.definition.retainBytes = 1 << 30
        service.definition.retainAge = 86_400_000_000_000
        service.definition.onRemove = "drop"
        service.definition.user = "nobody"
        service.definition.limits = [.init("nofile", soft: 64, hard: nil)]
        service.instances = 1
        service.shards = 2
        service.workers = [0, 1]
        service.counts.matched = 30
        service.counts.delivered = 20
        service.counts.dropped = [.init("overflow", 2)]
        service.counts.waiting = 5
        service.counts.inFlight = 1
        service.counts.backingOff = 2
        service.counts.parked = 4
        service.counts.retried = 7
        service.counts.launches = 29
        service.counts.launchFailures = 3
        service.oldest = 40_000_000_000
        service.launchTime.count = 29
        service.launchTime.p50 = 850_000
        service.launchTime.p99 = 2_150_000
        service.runTime.count = 27
        service.runTime.p50 = 123_000_000
        service.runTime.p99 = 103_000_000_000
        service.failures = [
            .init(time: 99_000_000_000, count: 37, words: "ended with exit 3"),
            .init(time: 98_000_000_000, count: 1, words: "no answer within the ack-timeout"),
        ]
        var other = ServicesReport.Service()
        other.name = "archive"
        other.state = .paused
        other.isPaused = true
        other.definition.topics = [">"]
        other.definition.command = ["/archive"]
        other.definition.mode = "stream"
        other.definition.framing = "lines"
        other.definition.order = "none"
        other.definition.instances = 1
        other.definition.inFlight = 64
        other.definition.ackTimeout = 90_000_000_000
        other.definition.attempts = 1
        other.definition.backoff = 1_000_000_000
        other.definition.maxBackoff = 1_000_000_000
        other.definition.onRemove = "drain"
        var report = ServicesReport()
        report.now = 100_000_000_000
        report.services = [service, other]
        return report
    }()

    @Test("text: a paragraph for each, within 80 columns")
    func text() {
        let expected = """
            service   on-call  backing off  1 process  held by workers 0, 1
                      until 1970-01-01T00:01:43Z, in 3s: ended with exit 3
            topics    alerts.disk.>  syslog.daemon.crit
            command   /usr/lib/belfry/page --now 'it'\\''s late'
            settings  exec  order: source  2 lanes  4 at a time  answers within 30s
                      5 attempts, 500ms to 5m apart, for 1h at most  keeps 1 GiB at most
                      keeps for 1d at most  as nobody  nofile 64  on-remove: drop
            queue     5 waiting  1 in flight  2 backing off  4 of them parked  oldest 1m00s
            account   30 matched  20 delivered  7 retried  2 overflow
            launches  29 started  3 failed  p50 850µs  p99 2.1ms
            run time  p50 123ms  p99 1m43s
            failures  1970-01-01T00:01:39Z  ×37  ended with exit 3
                      1970-01-01T00:01:38Z  no answer within the ack-timeout

            service   archive  paused  0 processes  held by no worker
            topics    >
            command   /archive
            settings  stream (lines)  64 in flight  answers within 90s  1 attempt, 1s apart
            queue     0 waiting  0 in flight  0 backing off
            account   0 matched  0 delivered  0 retried
            launches  0 started

            """
        #expect(String(decoding: Self.report.text(TextStyle()), as: UTF8.self) == expected)
    }

    @Test("JSON has every key, and null for what there is none of")
    func json() {
        let answer = String(decoding: Self.report.answer(.json), as: UTF8.self)
        let expected = """
            {"time":"1970-01-01T00:01:40.000000000Z","services":[{"name":"on-call","state":"backing-off","paused":false,\
            "retiring":false,"until":"1970-01-01T00:01:43.500000000Z","reason":"ended with exit 3",\
            "definition":{"topics":["alerts.disk.>","syslog.daemon.crit"],\
            "command":["/usr/lib/belfry/page","--now","it's late"],"mode":"exec","framing":null,"order":"source",\
            "instances":null,"in-flight":null,"idle-timeout":null,"lanes":2,"concurrency":4,"ack-timeout":30000000000,\
            "retry":{"attempts":5,"backoff":500000000,"max-backoff":300000000000,"jitter":25,\
            "time-limit":3600000000000},"retain":{"bytes":1073741824,"age":86400000000000},\
            "on-remove":"drop","directory":null,\
            "user":"nobody","limits":{"nofile":{"soft":64,"hard":null}}},"instances":1,"shards":2,"workers":[0,1],\
            "matched":30,"waiting":5,"in-flight":1,"backing-off":2,"parked":4,"delivered":20,\
            "dead":0,"dropped":{"overflow":2},\
            "retried":7,"launches":29,"launch-failures":3,"oldest":"1970-01-01T00:00:40.000000000Z",\
            "launch-time":{"count":29,"p50":850000,"p99":2150000},\
            "run-time":{"count":27,"p50":123000000,"p99":103000000000},\
            "failures":[{"time":"1970-01-01T00:01:39.000000000Z","count":37,"words":"ended with exit 3"},\
            {"time":"1970-01-01T00:01:38.000000000Z","count":1,"words":"no answer within the ack-timeout"}]},
            """
        #expect(answer.hasPrefix(expected))
        #expect(answer.hasSuffix("\"run-time\":{\"count\":0,\"p50\":null,\"p99\":null},\"failures\":[]}]}\n"))
    }

    @Test("is read back from its own JSON")
    func roundTrip() throws {
        let value = try #require(JSONValue(document: Self.report.answer(.json)))
        #expect(ServicesReport(value) == Self.report)
    }

    @Test("is not read from JSON that says something unheard of")
    func unreadable() throws {
        let text = String(decoding: Self.report.answer(.json), as: UTF8.self)
        let unheard = text.replacing("\"state\":\"paused\"", with: "\"state\":\"asleep\"")
        #expect(ServicesReport(try #require(JSONValue(document: Array(unheard.utf8)))) == nil)
        #expect(ServicesReport(.object([])) == nil)
    }

    @Test("fits the columns that there are, whatever it is told", arguments: [72, 80, 100, 200])
    func width(columns: Int) {
        var report = Self.report
        report.services[0].name = String(repeating: "n", count: 64)
        report.services[0].definition.topics = (0..<50).map { "topic.with.a.long.name.\($0)" }
        report.services[0].definition.command = [String(repeating: "c", count: 5_000)]
        report.services[0].definition.directory = "/" + String(repeating: "d", count: 300)
        report.services[0].reason = String(repeating: "r", count: 248)
        report.services[0].workers = (0..<64).map { $0 }
        report.services[0].counts.matched = .max
        report.services[0].failures = (0..<16).map {
            .init(time: .max, count: .max, words: "\($0)" + String(repeating: "w", count: 150))
        }
        let lines = String(decoding: report.text(TextStyle(width: columns)), as: UTF8.self).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= columns }, "\(lines.filter { $0.count > columns })")
        #expect(lines.contains("          and 11 more (--json shows all)"))
    }

    @Test("lets no line look like the end of the answer, nor any control character through")
    func hostile() {
        var report = Self.report
        report.services[0].name = "ok"
        report.services[0].reason = "error: \u{1B}[2J\nok\n"
        report.services[0].definition.command = ["\u{1B}]0;x\u{7}", "\u{202E}gpj.exe"]
        report.services[0].failures = [.init(time: 1, count: 1, words: "\nok\nerror: \u{9B}31m\u{2028}x")]
        let text = String(decoding: report.text(TextStyle()), as: UTF8.self)
        #expect(text.split(separator: "\n").allSatisfy { $0 != "ok" && !$0.hasPrefix("error: ") })
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || PrintableText.isPrintable($0) })
    }

    @Test("has the same letters with colours and without")
    func colours() {
        let coloured = String(decoding: Self.report.text(TextStyle(isColoured: true)), as: UTF8.self)
        #expect(coloured.contains("\u{1B}[31mbacking off\u{1B}[0m"))
        #expect(
            coloured.replacing(/\u{1B}\[[0-9]+m/, with: "")
                == String(decoding: Self.report.text(TextStyle()), as: UTF8.self))
    }

    // MARK: changes

    @Test(
        "of a change says for each service what came of it",
        arguments: [
            (ServiceAction.pause, true, "paused archive: 7 wait for it, 1 in flight may still be answered\n"),
            (.pause, false, "unchanged archive: is paused already\n"),
            (.resume, true, "resumed archive: 7 wait for it\n"),
            (.resume, false, "unchanged archive: is not paused\n"),
            (.retry, true, "retrying archive: 2 that backed off\n"),
            (.retry, false, "unchanged archive: nothing backs off\n"),
        ])
    func change(action: ServiceAction, hasChanged: Bool, expected: String) throws {
        var change = ServiceChange(action)
        var service = ServiceChange.Service()
        service.name = "archive"
        service.hasChanged = hasChanged
        service.waiting = 5
        service.inFlight = 1
        service.backingOff = 2
        change.services = [service]
        #expect(String(decoding: change.text(TextStyle()), as: UTF8.self) == expected)
        let value = try #require(JSONValue(document: change.answer(.json)))
        #expect(ServiceChange(value) == change)
    }

    // MARK: times

    @Test(
        "tells short times in seven characters at most",
        arguments: [
            (UInt64(0), "0µs"), (999_999, "999µs"), (1_000_000, "1.0ms"), (9_999_999, "9.9ms"), (10_000_000, "10ms"),
            (999_999_999, "999ms"), (1_000_000_000, "1.0s"), (9_990_000_000, "9.9s"), (10_000_000_000, "10s"),
            (103_079_215_104, "1m43s"), (.max, "213503d"),
        ])
    func latency(nanoseconds: UInt64, expected: String) { #expect(HumanText.latency(nanoseconds) == expected) }

    @Test(
        "tells a duration as a configuration has it",
        arguments: [
            (UInt64(500_000_000), "500ms"), (1_500_000_000, "1500ms"), (90_000_000_000, "90s"),
            (300_000_000_000, "5m"), (172_800_000_000_000, "2d"), (0, "0ms"),
        ])
    func setting(nanoseconds: UInt64, expected: String) { #expect(HumanText.setting(nanoseconds) == expected) }
}
