// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Wire

/// Times as text, against known ones and against another calendar.
@Suite struct TimestampTests {
    @Test(
        "known times have their text",
        arguments: [
            (UInt64(0), "1970-01-01T00:00:00.000000000Z"), (951_782_399_999_999_999, "2000-02-28T23:59:59.999999999Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
            (951_868_800_000_000_001, "2000-03-01T00:00:00.000000001Z"),
            (1_735_689_599_000_000_000, "2024-12-31T23:59:59.000000000Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
        ])
    func known(_ nanoseconds: UInt64, _ text: String) {
        #expect(Timestamp.rfc3339(nanoseconds) == text)
    }

    @Test(
        "what is written is read back", arguments: [0, 951_782_400_000_000_000, 1_735_689_599_999_999_999, UInt64.max])
    func readBack(_ nanoseconds: UInt64) { #expect(Timestamp.parse(Timestamp.rfc3339(nanoseconds)) == nanoseconds) }

    @Test(
        "what has another form is not read",
        arguments: [
            "", "2026-11-21T03:36:25Z", "2026-11-21T03:36:25.000000000+", "2026-13-21T03:36:25.000000000Z",
            "2026-11-00T03:36:25.000000000Z", "1969-12-31T23:59:59.000000000Z", "2026-11-21T24:00:00.000000000Z",
            "9999-12-31T23:59:59.000000000Z", "2026-11-21 03:36:25.000000000Z", "２026-11-21T03:36:25.000000Z",
        ])
    func unreadable(_ text: String) { #expect(Timestamp.parse(text) == nil) }

    @Test("every day of two centuries has the date that another calendar gives it")
    func everyDay() {
        let formatter = ISO8601DateFormatter()
        for day in stride(from: 0, to: 73_000, by: 1) {
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(day) * 86_400))
            let text = Timestamp.rfc3339(UInt64(day) * 86_400_000_000_000)
            #expect(text.prefix(19) == expected.prefix(19))
            #expect(Timestamp.parse(text) == UInt64(day) * 86_400_000_000_000)
        }
    }
}
