// SPDX-License-Identifier: Apache-2.0
/// Dead letters and incidents as text and JSON, and back from their JSON.

import Control
import Testing
import Wire

@Suite("Dead letters and incidents")
struct DeadReportTests {
    static let report: DeadReport = {
        var letter = DeadReport.Letter()
        letter.id = 17
        letter.service = "on-call"
        letter.message = "00000000000000b5-1-9"
        letter.topic = "alerts.disk"
        letter.source = "127.0.0.1:9"
        letter.wireProtocol = "syslog"
        letter.received = 90_000_000_000
        letter.attempts = 5
        letter.firstFailure = 91_000_000_000
        letter.lastFailure = 99_000_000_000
        letter.reason = "ended with exit 3"
        letter.size = 4
        var report = DeadReport()
        report.now = 100_000_000_000
        report.total = 2
        report.letters = [letter]
        return report
    }()

    private static func text(_ report: some Report) -> String {
        String(decoding: report.text(TextStyle()), as: UTF8.self)
    }

    @Test("a list has a row and a reason for each letter, and says how many more there are")
    func list() {
        let expected = """
                  id  service              attempts  last failure
                  17  on-call                     5  1970-01-01T00:01:39Z
                      alerts.disk: ended with exit 3
            the latest 1 of 2; a higher limit shows more

            """
        #expect(Self.text(Self.report) == expected)
        #expect(Self.text(DeadReport()) == "  no dead letters\n")
    }

    @Test("what a letter says is shown line by line, and nothing in it acts on a terminal")
    func show() {
        var report = Self.report
        report.letters[0].content = .init(body: Array("one\u{1B}[2J\ntwo\n".utf8), decoded: ("syslog", "{\"pri\":1}"))
        let text = Self.text(report)
        #expect(text.contains("  one [2J\n  two\n") && text.contains("syslog    {\"pri\":1}\n"))
        #expect(!text.contains("\u{1B}"))
        report.letters[0].content = .init(body: [0xFF, 0, 0x1B])
        #expect(Self.text(report).contains("  ff 00 1b\n"))
        report.letters[0].size = 20_000
        report.letters[0].content = .init(body: Array(repeating: 0x78, count: 20_000))
        #expect(Self.text(report).hasSuffix("  and 3616 bytes more; as JSON it shows up to 1 MiB\n"))
    }

    @Test(
        "are read back from their own JSON, bytes that are no text, too",
        arguments: [[], [104, 105], [255, 0, 27, 1]])
    func roundTrip(body: [UInt8]) throws {
        var report = Self.report
        report.letters[0].content = .init(body: body, decoded: ("cloudevent", "{\"id\":\"1\"}"))
        let json = try #require(JSONValue(document: report.answer(.json)))
        #expect(DeadReport(json) == report)
        #expect(DeadReport(try #require(JSONValue(document: Self.report.answer(.json)))) == Self.report)
    }

    @Test("what came of a replay is told with what was refused")
    func change() throws {
        var change = DeadChange(.replay)
        change.count = 3
        change.refused = 1
        change.reason = "there is no service on-call"
        #expect(Self.text(change) == "replayed 3 dead letters\nkept 1, refused: there is no service on-call\n")
        #expect(DeadChange(try #require(JSONValue(document: change.answer(.json)))) == change)
    }

    @Test("an incident has a line for what, and one for why")
    func incidents() throws {
        var report = IncidentsReport()
        report.now = 100_000_000_000
        report.total = 1
        report.incidents = [Incident(time: 99_000_000_000, .roleKilled, "worker 1", "SIGKILL", count: 3)]
        #expect(Self.text(report) == "  1970-01-01T00:01:39Z  role-killed  worker 1  ×3\n      SIGKILL\n")
        #expect(IncidentsReport(try #require(JSONValue(document: report.answer(.json)))) == report)
    }
}
