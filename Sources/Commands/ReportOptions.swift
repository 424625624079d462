// SPDX-License-Identifier: Apache-2.0
/// How a report is shown: for people or machines, once or again and again.
///
/// Used by `belfry status` and `belfry ledger`.
/// Invariant: watching asks the broker no more often than every 100 ms, over one connection.

internal import ArgumentParser
internal import Control
internal import LinuxIO

struct ReportOptions: ParsableArguments {
    @Flag(help: "Print JSON, one object on one line, for machines.")
    var json = false

    @Flag(help: "Print it again and again until interrupted.")
    var watch = false

    @Argument(
        help: ArgumentHelp(
            "With --watch: the time in between, such as 500ms, 2s or 1m (default: 1s).", valueName: "interval"))
    var interval: String?

    func validate() throws {
        guard let interval else { return }
        guard watch else { throw ValidationError("\"\(interval)\" is an interval without --watch") }
        guard Interval.parse(interval) != nil else {
            throw ValidationError(
                "\"\(interval)\" is no interval; 100ms to 1d, such as 500ms, 2s or 1m, would be right")
        }
    }

    func show(_ control: ControlOption, _ request: (ReportFormat) -> ControlRequest) throws {
        let request = request(json ? .json : Output.wantsColour ? .colour : .text)
        guard watch else { return try Output.write(control.ask(request)) }
        let client = try control.connect()
        let pause = try Poller(capacity: 1)
        // Only a person's terminal is cleared; a file or a machine gets one report after the other.
        let clears = !json && Output.isTerminal(1)
        while true {
            let report = try client.ask(request)
            try Output.write(clears ? Array("\u{1B}[H\u{1B}[2J".utf8) + report : report)
            _ = try pause.wait(timeoutNanoseconds: interval.flatMap(Interval.parse) ?? 1_000_000_000)
        }
    }
}

enum Interval {
    /// Nanoseconds; nil if it is no interval, or not from 100ms to 1d.
    static func parse(_ text: String) -> UInt64? {
        for (unit, milliseconds) in [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        where text.hasSuffix(unit) {
            guard let number = Int(text.dropLast(unit.count)), (1...86_400_000).contains(number),
                (100...86_400_000).contains(number * milliseconds)
            else { return nil }
            return UInt64(number * milliseconds) * 1_000_000
        }
        return nil
    }
}
