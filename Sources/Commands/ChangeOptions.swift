// SPDX-License-Identifier: Apache-2.0
/// How a change of the running settings is asked for, waited for, and shown.
///
/// Used by `belfry reload` and `belfry workers`.
/// Invariant: what was changed goes to stdout, a line each; faults, and that nothing was changed, to stderr.

internal import ArgumentParser
internal import Control
internal import LinuxIO

struct ChangeOptions: ParsableArguments {
    @Flag(help: "Print what has changed as JSON, one object on one line.")
    var json = false

    @Option(help: ArgumentHelp("Colours: auto, always or never; auto: on a terminal.", valueName: "when"))
    var color = ColourChoice.auto

    @Option(
        help: ArgumentHelp(
            "Give up waiting after so long; the change goes on nevertheless. 0 waits for ever.", valueName: "seconds"))
    var timeout: UInt32 = 0

    func change(_ control: ControlOption, _ request: ControlRequest) throws {
        let note = WaitingNote("until all roles use the new settings")
        let answer = try control.connect().ask(
            request, timeout: timeout == 0 ? nil : .seconds(Int64(timeout)), waiting: note.show)
        note.clear()
        if json { return try Output.write(answer) }
        guard var report = ChangeReport(try ReportFlags.read(answer)) else { throw ReportFlags.notUnderstood }
        // As `belfry check` does: a file with warnings is good.
        for warning in report.warnings { Output.error(warning) }
        report.warnings = []
        try Output.write(report.text(Output.style(color)))
    }
}

/// One line on a terminal's stderr that tells what is waited for, while it takes long.
final class WaitingNote {
    private let what: String
    private var isShown = false

    init(_ what: String) { self.what = what }

    deinit { clear() }

    /// `waited` in nanoseconds.
    func show(_ waited: UInt64) {
        guard Output.isScreen(2) else { return }
        isShown = true
        write("\r\u{1B}[Kwaiting \(what) (\(HumanText.age(waited / 1_000_000_000)))")
    }

    func clear() {
        guard isShown else { return }
        isShown = false
        write("\r\u{1B}[K")
    }

    private func write(_ text: String) { try? File.write(2, Array(text.utf8).span) }
}
