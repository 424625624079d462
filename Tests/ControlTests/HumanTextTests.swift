// SPDX-License-Identifier: Apache-2.0
/// Numbers as people read them, at the places where the unit changes.

import Control
import Testing

@Suite("A number for people")
struct HumanTextTests {
    @Test(
        "counts exactly up to seven digits, then in units",
        arguments: [
            (UInt64(0), "0"), (9_999_999, "9999999"), (10_000_000, "10.0M"), (12_345_678, "12.3M"),
            (999_900_000, "999.9M"), (1_000_000_000, "1000M"), (12_345_678_900, "12.3G"), (.max, "18.4E"),
        ])
    func count(value: UInt64, expected: String) { #expect(HumanText.count(value) == expected) }

    @Test(
        "tells bytes in the unit that fits",
        arguments: [(UInt64(0), "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (64 << 20, "64 MiB")])
    func bytes(value: UInt64, expected: String) { #expect(HumanText.bytes(value) == expected) }

    @Test(
        "tells an age in its two greatest units",
        arguments: [
            (UInt64(0), "0s"), (59, "59s"), (60, "1m00s"), (3599, "59m59s"), (3600, "1h00m"), (86_400, "1d00h"),
            (8_640_000, "100d"),
        ])
    func age(value: UInt64, expected: String) { #expect(HumanText.age(value) == expected) }
}
