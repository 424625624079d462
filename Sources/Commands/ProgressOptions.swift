// SPDX-License-Identifier: Apache-2.0
/// How a restart or an update is asked for and followed: a line for each step as it is done, and the verdict.
///
/// Used by `belfry restart` and `belfry update`.
/// Invariant: it succeeds only behind a verdict that what was asked for is done; a connection that ends before is none.

internal import ArgumentParser
internal import Control
internal import LinuxIO

struct ProgressOptions: ParsableArguments {
    @Flag(help: "Print JSON, one object on one line for each step, and one for the verdict.")
    var json = false

    @Option(help: ArgumentHelp("Colours: auto, always or never; auto: on a terminal.", valueName: "when"))
    var color = ColourChoice.auto

    /// - Parameter wanted: the verdict that is a success.
    func follow(_ control: ControlOption, _ request: ControlRequest, until wanted: UpdateVerdict.Word) throws {
        let note = WaitingNote("for the next step; Ctrl-C leaves it to go on by itself")
        var verdict: UpdateVerdict.Word?
        do {
            try control.connect().follow(request, waiting: note.show) { line in
                note.clear()
                let told = try ReportFlags.read(line)
                verdict = UpdateVerdict(told)?.word ?? verdict
                try show(told, line)
            }
        } catch ControlClientError.closed {
            throw Failure(
                "belfryd ended the connection before there was a verdict; `belfry update --history` knows what became "
                    + "of it, if a belfryd answers, else its log")
        }
        guard verdict == wanted else { throw ReportFlags.notUnderstood }
    }

    private func show(_ told: JSONValue, _ line: [UInt8]) throws {
        if json { return try Output.write(line) }
        let style = Output.style(color)
        if let step = UpdateStep(told) { return try Output.write(step.text(style)) }
        guard let verdict = UpdateVerdict(told) else { throw ReportFlags.notUnderstood }
        // Of a failure stderr tells the reason.
        if verdict.word == .committed || verdict.word == .dryRun { try Output.write(verdict.text(style)) }
    }
}
