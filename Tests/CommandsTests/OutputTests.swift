// SPDX-License-Identifier: Apache-2.0
/// What the tool may do to a terminal: colours, width, a screen that is drawn over.

import LinuxIO
import Testing

@testable import Commands

@Suite("Output")
struct OutputTests {
    @Test(
        "has colours as the user, the environment and the terminal say, in this order",
        arguments: [
            (.auto, true, [:], true), (.auto, false, [:], false), (.never, true, [:], false),
            (.always, false, [:], true),
            (.auto, true, ["NO_COLOR": "1"], false), (.auto, true, ["NO_COLOR": "0"], false),
            (.auto, true, ["NO_COLOR": ""], true), (.always, false, ["NO_COLOR": "1", "TERM": "dumb"], true),
            (.auto, true, ["TERM": "dumb"], false), (.auto, true, ["TERM": "xterm"], true),
            (.auto, false, ["CLICOLOR_FORCE": "1"], true), (.auto, false, ["CLICOLOR_FORCE": "0"], false),
            (.auto, false, ["CLICOLOR_FORCE": ""], false),
            (.auto, false, ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], false),
        ] as [(ColourChoice, Bool, [String: String], Bool)])
    func colours(choice: ColourChoice, isTerminal: Bool, environment: [String: String], expected: Bool) {
        #expect(choice.wantsColour(isTerminal: isTerminal) { environment[$0] } == expected)
    }

    @Test(
        "is as wide as COLUMNS says, else as the window, else 80",
        arguments: [
            (nil, nil, 80), (nil, 132, 132), ("100", 132, 100), ("100", nil, 100), ("", 132, 132), ("0", nil, 80),
            ("-5", 90, 90), ("many", nil, 80), ("1000000000", nil, 1000),
        ] as [(String?, Int?, Int)])
    func width(columns: String?, window: Int?, expected: Int) {
        #expect(Output.width(columns: columns, window: window) == expected)
    }

    @Test("tells today's times without the date")
    func moment() {
        let now: UInt64 = 1_763_700_000_000_000_000
        let (today, other) = (Output.localMoment(now, now), Output.localMoment(now - 86_400_000_000_000 * 2, now))
        #expect(today == LocalTime(now).clock && today.wholeMatch(of: /\d\d:\d\d:\d\d/) != nil)
        #expect(other.wholeMatch(of: /2025-11-1\d \d\d:\d\d:\d\d/) != nil)
    }

    @Test("draws over what was there, line by line")
    func redrawn() {
        let report = Array("a\nb\n".utf8)
        let first = Screen.redrawn(report, rows: 24, isFirst: true)
        #expect(String(decoding: first, as: UTF8.self) == "\u{1B}[H\u{1B}[2J\u{1B}[Ka\n\u{1B}[Kb\n\u{1B}[J")
        let second = Screen.redrawn(report, rows: 3, isFirst: false)
        #expect(String(decoding: second, as: UTF8.self) == "\u{1B}[H\u{1B}[Ka\n\u{1B}[Kb\n\u{1B}[J")
    }

    @Test("counts the lines that a window has no room for")
    func cut() {
        let report = Array((1...10).map { "\($0)\n" }.joined().utf8)
        let text = String(decoding: Screen.redrawn(report, rows: 5, isFirst: false), as: UTF8.self)
        #expect(text.replacing("\u{1B}[K", with: "") == "\u{1B}[H1\n2\n3\n… and 7 lines that don't fit\n\u{1B}[J")
    }
}
