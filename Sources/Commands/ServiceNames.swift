// SPDX-License-Identifier: Apache-2.0
/// The services that a verb is to change, and what has come of it.
///
/// Used by `belfry pause`, `resume` and `retry`.
/// Invariant: either names or --all, never neither; a name that could not stand on a request's line is wrong usage.

internal import ArgumentParser
internal import Control

struct ServiceNames: ParsableArguments {
    @Argument(help: "The services' names.")
    var names: [String] = []

    @Flag(help: "All services.")
    var all = false

    @Flag(help: "Print JSON, one object on one line, for machines.")
    var json = false

    func validate() throws {
        if all, !names.isEmpty { throw ValidationError("either names or --all, not both") }
        if !all, names.isEmpty { throw ValidationError("which service? Give its name, or --all") }
        try Self.check(names)
    }

    /// Whether they can be names at all.
    static func check(_ names: [String]) throws(ValidationError) {
        let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
        if let wrong = names.first(where: { $0.isEmpty || !$0.allSatisfy(letters.contains) }) {
            throw ValidationError("\"\(wrong)\" is no service's name; letters, digits and _ . - would be right")
        }
    }

    func perform(_ action: ServiceAction, _ control: ControlOption) throws {
        let answer = try ReportFlags.read(control.ask(.change(action, .json, all ? .all : .named(names))))
        guard let change = ServiceChange(answer) else { throw ReportFlags.notUnderstood }
        try Output.write(json ? ReportFlags.line(answer) : change.text(Output.style(.never)))
    }
}
