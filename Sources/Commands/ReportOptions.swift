// SPDX-License-Identifier: Apache-2.0
/// How a report is shown: for people or machines, once or again and again.
///
/// Used by every verb that shows a report. It asks for JSON, whatever is printed, so that rows are chosen in one place.
/// Invariant: watching asks the broker no more often than every 100 ms, over one connection.

internal import ArgumentParser
internal import Control
internal import LinuxIO
internal import Wire

struct ReportOptions: ParsableArguments {
    @OptionGroup var flags: ReportFlags

    @Argument(
        help: ArgumentHelp(
            "With --watch: the time in between, such as 500ms, 2s or 1m (default: 1s).", valueName: "interval"))
    var interval: String?

    func validate() throws {
        guard let interval else { return }
        guard flags.watch else {
            throw ValidationError(
                "\"\(interval)\" is not understood; --watch 2s repeats, and the options in the help choose rows")
        }
        guard Interval.parse(interval) != nil else {
            throw ValidationError(
                "\"\(interval)\" is no interval; 100ms to 1d, such as 500ms, 2s or 1m, would be right")
        }
    }

    /// `select` chooses and sorts rows of the report; `isFiltered`: whether it may leave some out.
    func show<Shown: Report>(
        _ report: Shown.Type, of control: ControlOption, _ request: ControlRequest, isFiltered: Bool = false,
        _ select: (JSONValue) throws -> JSONValue = { $0 }
    ) throws {
        try flags.show(
            report, of: control, request, every: interval.flatMap({ Interval.parse($0) }), isFiltered: isFiltered,
            select)
    }
}

/// What every verb that shows a report knows, apart from its arguments.
struct ReportFlags: ParsableArguments {
    @Flag(help: "Print JSON, one object on one line, for machines.")
    var json = false

    @Option(help: ArgumentHelp("Colours: auto, always or never; auto: on a terminal.", valueName: "when"))
    var color = ColourChoice.auto

    @Flag(help: "Print it again and again until interrupted.")
    var watch = false

    /// - Parameter interval: nanoseconds between two reports when it is watched; nil for a second.
    func show<Shown: Report>(
        _: Shown.Type, of control: ControlOption, _ request: ControlRequest, every interval: UInt64?,
        isFiltered: Bool, _ select: (JSONValue) throws -> JSONValue
    ) throws {
        let client = try control.connect()
        var screen = Screen(isWatched: watch && !json)
        let pause = try Poller(capacity: 1)
        while true {
            let report = try select(try Self.read(client.ask(request)))
            try screen.show(try json ? Self.line(report) : Self.text(Shown.self, report, color, isFiltered))
            guard watch else { return }
            _ = try pause.wait(timeoutNanoseconds: interval ?? 1_000_000_000)
        }
    }

    static func read(_ answer: [UInt8]) throws -> JSONValue {
        guard let value = JSONValue(document: answer) else { throw notUnderstood }
        return value
    }

    private static func text<Shown: Report>(
        _: Shown.Type, _ report: JSONValue, _ color: ColourChoice, _ isFiltered: Bool
    ) throws -> [UInt8] {
        guard let report = Shown(report) else { throw notUnderstood }
        return report.text(Output.style(color, isFiltered: isFiltered))
    }

    static func line(_ report: JSONValue) -> [UInt8] {
        var json = JSONWriter()
        report.write(into: &json)
        return json.bytes + [0x0A]
    }

    static let notUnderstood = Failure(
        "belfryd's answer was not understood; are belfry and belfryd of the same version (--version)?")
}

enum Interval {
    /// Nanoseconds; nil if it is no interval, or not from 100ms to so many days.
    static func parse(_ text: String, days: Int = 1) -> UInt64? {
        let most = days * 86_400_000
        for (unit, milliseconds) in [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        where text.hasSuffix(unit) {
            guard let number = Int(text.dropLast(unit.count)), (1...most).contains(number),
                (100...most).contains(number * milliseconds)
            else { return nil }
            return UInt64(number * milliseconds) * 1_000_000
        }
        return nil
    }
}
