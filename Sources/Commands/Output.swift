// SPDX-License-Identifier: Apache-2.0
/// What the verbs print, and what they may know of the terminal they print to.
///
/// Used by all verbs.
/// Invariant: results go to stdout, everything else to stderr; colours only to a terminal, and not with NO_COLOR.

internal import LinuxIO

enum Output {
    static var wantsColour: Bool {
        isTerminal(1) && (CurrentProcess.environment("NO_COLOR") ?? "").isEmpty
            && CurrentProcess.environment("TERM") != "dumb"
    }

    static func isTerminal(_ raw: Int32) -> Bool { Descriptor.isTerminal(raw) }

    static func write(_ text: String) throws(SystemCallError) { try write(Array(text.utf8)) }

    static func write(_ bytes: [UInt8]) throws(SystemCallError) { try File.write(1, bytes.span) }

    /// A line on stderr. If even that fails, there is nobody left to tell.
    static func error(_ line: String) { try? File.write(2, Array((line + "\n").utf8).span) }
}
