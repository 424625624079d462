// SPDX-License-Identifier: Apache-2.0
/// What is kept of restarts and updates, as it is written down and as people get it.

import Control
import Testing
import Wire

@Suite("A record of an update")
struct UpdateRecordTests {
    private static let record: UpdateRecord = {
        var record = UpdateRecord(.update, began: 99_000_000_000, by: "pid 7, user 0")
        record.from = ProgramImage(
            path: "/usr/bin/belfryd", version: "0.1.0", digest: String(repeating: "a", count: 64))
        record.to = ProgramImage(path: "/opt/belfryd", version: "0.2.0", digest: String(repeating: "b", count: 64))
        record.steps = [
            UpdateStep("staged", took: 100_000_000), UpdateStep("frozen", took: 2_100_000, "3 connections kept"),
        ]
        record.verdict = .failed
        record.reason = "the new belfryd ended in its probation"
        return record
    }()

    private static func json(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter()
        body(&json)
        return json.bytes
    }

    @Test("is read back as it was written, with a verdict and without")
    func roundTrip() throws {
        var cutOff = UpdateRecord(.restart, began: 1, by: "SIGUSR2")
        cutOff.isThroughStore = true
        for record in [Self.record, cutOff] {
            let json = try #require(JSONValue(document: Self.json { record.write(into: &$0) }))
            #expect(UpdateRecord(json) == record)
        }
        #expect(UpdateRecord(.null) == nil)
    }

    @Test("is listed with what a person wants to know of it, within 80 columns")
    func text() {
        var history = UpdateHistory()
        (history.now, history.total, history.updates) = (100_000_000_000, 2, [Self.record])
        let expected = """
            1970-01-01T00:01:39Z update   failed     pid 7, user 0
                the new belfryd ended in its probation
                from 0.1.0 /usr/bin/belfryd (sha256 aaaaaaaaaaaa…)
                to 0.2.0 /opt/belfryd (sha256 bbbbbbbbbbbb…)
                staged 100ms, frozen 2.1ms
            the latest 1 of 2; a higher limit shows more

            """
        #expect(String(decoding: history.text(TextStyle()), as: UTF8.self) == expected)
        #expect(
            String(decoding: UpdateHistory().text(TextStyle()), as: UTF8.self).contains("no restarts and no updates"))
    }

    @Test("one that was cut off says so")
    func cutOff() {
        var history = UpdateHistory()
        history.updates = [UpdateRecord(.restart, began: 1, by: "SIGUSR2")]
        #expect(String(decoding: history.text(TextStyle()), as: UTF8.self).contains("restart  cut off    SIGUSR2"))
    }

    @Test("a history is read back as it was written")
    func history() throws {
        var history = UpdateHistory()
        (history.now, history.total, history.updates) = (5, 9, [Self.record])
        let json = try #require(JSONValue(document: Self.json { history.write(into: &$0) }))
        #expect(UpdateHistory(json) == history)
    }
}
