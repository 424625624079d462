// SPDX-License-Identifier: Apache-2.0
/// What the verbs print, and what they may know of the terminal they print to.
///
/// Used by all verbs.
/// Invariant: results go to stdout, everything else to stderr. A reader who has gone (`| head`) is no failure: ReaderGone
/// ends the verb without a word.

internal import Control
internal import LinuxIO

enum Output {
    static func write(_ text: String) throws { try write(Array(text.utf8)) }

    static func write(_ bytes: [UInt8]) throws {
        do throws(SystemCallError) {
            try File.write(1, bytes.span)
        } catch {
            if error.isBrokenPipe { throw ReaderGone() }
            throw Failure("stdout can't be written: \(error.reason)")
        }
    }

    /// A line on stderr. If even that fails, there is nobody left to tell.
    static func error(_ line: String) { try? File.write(2, Array((line + "\n").utf8).span) }

    static func isTerminal(_ raw: Int32) -> Bool { Descriptor.isTerminal(raw) }

    /// A terminal on which the cursor can be moved.
    static func isScreen(_ raw: Int32) -> Bool {
        isTerminal(raw) && CurrentProcess.environment("TERM") != "dumb"
    }

    /// How a report looks on stdout, asked anew each time: a window may have been resized.
    static func style(_ colour: ColourChoice, isFiltered: Bool = false) -> TextStyle {
        TextStyle(
            isColoured: colour.wantsColour(isTerminal: isTerminal(1), CurrentProcess.environment),
            width: width(columns: CurrentProcess.environment("COLUMNS"), window: Terminal.size(1)?.columns),
            isFiltered: isFiltered, moment: localMoment)
    }

    /// COLUMNS, else the terminal's window, else 80.
    static func width(columns: String?, window: Int?) -> Int {
        columns.flatMap(Int.init).flatMap { $0 > 0 ? min($0, 1000) : nil } ?? window ?? 80
    }

    /// The time of day, with its date if that is not today's.
    static func localMoment(_ time: UInt64, _ now: UInt64) -> String {
        let (moment, today) = (LocalTime(time), LocalTime(now).date)
        return moment.date == today ? moment.clock : "\(moment.date) \(moment.clock)"
    }
}

/// Nobody reads stdout any more.
struct ReaderGone: Error {}
