// SPDX-License-Identifier: Apache-2.0
/// Where a watched report is shown again and again: over the last one on a terminal, else one after the other.
///
/// Used by ReportOptions.
/// Invariant: on a terminal nothing scrolls away: what does not fit the window is left out, and counted in its last line.

internal import LinuxIO

struct Screen {
    private let isWatched: Bool
    private let redraws: Bool
    private var hasShown = false

    init(isWatched: Bool) {
        self.isWatched = isWatched
        redraws = isWatched && Output.isScreen(1)
    }

    mutating func show(_ report: [UInt8]) throws {
        if redraws {
            try Output.write(Self.redrawn(report, rows: Terminal.size(1)?.rows ?? 24, isFirst: !hasShown))
        } else {
            // An empty line between two reports for people; one line each is enough for machines.
            try Output.write(isWatched && hasShown ? [0x0A] + report : report)
        }
        hasShown = true
    }

    /// Each line over the one that was there, then nothing below: without the flicker of a screen that is cleared.
    static func redrawn(_ report: [UInt8], rows: Int, isFirst: Bool) -> [UInt8] {
        var lines = report.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
        let room = max(2, rows - 1)
        if lines.count > room {
            let left = lines.count - room + 1
            lines = lines.prefix(room - 1) + [Array("… and \(left) lines that don't fit".utf8)[...]]
        }
        var out = Array((isFirst ? "\u{1B}[H\u{1B}[2J" : "\u{1B}[H").utf8)
        // Erased before it is written: behind a line as wide as the window the cursor still stands on its last character.
        for line in lines { out += Array("\u{1B}[K".utf8) + line + [0x0A] }
        return out + Array("\u{1B}[J".utf8)
    }
}
