// SPDX-License-Identifier: Apache-2.0
/// Which rows of a list are shown, in what order, and what a wrong word is told.

import Control
import Testing

@testable import Commands

@Suite("The rows of a list")
struct RowQueryTests {
    private static func status(_ pattern: [String] = [], _ states: [String] = [], _ order: String? = nil) throws
        -> [String]
    {
        let query = RowQuery<StatusServices>(
            patterns: pattern.map(NamePattern.init), states: states, order: order.flatMap(SortOrder.init))
        return try query.apply(to: report)["services"]?.elements.compactMap { $0["name"]?.string } ?? []
    }

    private static let report = JSONValue(
        document: Array(
            """
            {"time":"x","workers":[{"index":1,"leases":9},{"index":10,"leases":3},{"index":2,"leases":3}],"services":[\
            {"name":"mail-in","state":"running","waiting":3,"until":null},\
            {"name":"mail-out","state":"stopped","waiting":20,"until":"2026"},\
            {"name":"archive","state":"running","waiting":3,"until":"2025"}]}
            """.utf8
        ))!

    @Test("are chosen by name and by state")
    func chosen() throws {
        #expect(try Self.status() == ["mail-in", "mail-out", "archive"])
        #expect(try Self.status(["mail-*"]) == ["mail-in", "mail-out"])
        #expect(try Self.status(["archive", "*-in"]) == ["mail-in", "archive"])
        #expect(try Self.status([], ["running"]) == ["mail-in", "archive"])
        #expect(try Self.status(["mail-*"], ["stopped", "paused"]) == ["mail-out"])
        #expect(try Self.status([], ["paused"]) == [])
    }

    @Test("are sorted by a key; equal ones keep their order, and what is not known comes last")
    func sorted() throws {
        #expect(try Self.status([], [], "name") == ["archive", "mail-in", "mail-out"])
        #expect(try Self.status([], [], "waiting") == ["mail-in", "archive", "mail-out"])
        #expect(try Self.status([], [], "waiting:desc") == ["mail-out", "mail-in", "archive"])
        #expect(try Self.status([], [], "until:asc") == ["archive", "mail-out", "mail-in"])
        #expect(try Self.status([], [], "until:desc") == ["mail-out", "archive", "mail-in"])
    }

    @Test("of workers are chosen and sorted by number")
    func workers() throws {
        let query = RowQuery<StatusWorkers>(patterns: [NamePattern("1*")], order: SortOrder("leases"))
        let chosen = try query.apply(to: Self.report)
        #expect(chosen["workers"]?.elements.compactMap { $0["index"]?.count } == [10, 1])
        #expect(chosen["services"] == Self.report["services"])
    }

    @Test("may be members of an object, and an object of counts is sorted by its sum")
    func ledger() throws {
        let report = JSONValue(
            document: Array(
                #"{"services":{"b":{"dropped":{"x":1,"y":5}},"a":{"dropped":{"x":3}},"c":{"dropped":{}}}}"#.utf8
            ))!
        func names(_ order: String) throws -> [String] {
            let query = RowQuery<LedgerServices>(order: SortOrder(order))
            return try query.apply(to: report)["services"]?.members.map(\.name) ?? []
        }
        #expect(try names("dropped:desc") == ["b", "a", "c"])
        #expect(try names("name") == ["a", "b", "c"])
    }

    @Test("that nobody has are told with those that there are")
    func nothingFits() {
        #expect(throws: Failure("there is no service \"mail-on\"; mail-in would be right")) {
            try Self.status(["mail-on"])
        }
        let all = "one of these would be right: archive, mail-in, mail-out"
        #expect(throws: Failure("there is no service \"x*\"; \(all)")) { try Self.status(["archive", "x*"]) }
    }

    @Test(
        "fit a pattern as a shell would say",
        arguments: [
            ("a", "a", true), ("a", "ab", false), ("*", "", true), ("a*", "abc", true), ("*c", "abc", true),
            ("a*c*e", "abcde", true), ("a*c*e", "abcd", false), ("a?c", "abc", true), ("a?c", "ac", false),
            ("*a*", "bab", true), ("**", "x", true), ("?*", "", false), ("*ab", "aab", true),
        ])
    func pattern(pattern: String, name: String, fits: Bool) { #expect(NamePattern(pattern).fits(name) == fits) }

    @Test("have the keys that the report's JSON has, so that the help says what is true")
    func keys() {
        var status = StatusReport()
        status.workers = [.init()]
        status.services = [.init()]
        var ledger = LedgerReport()
        ledger.services = [.init()]
        #expect(Self.keys(status)["services"]?.elements.first?.members.map(\.name) == StatusServices.keys)
        #expect(Self.keys(status)["workers"]?.elements.first?.members.map(\.name) == StatusWorkers.keys)
        var services = ServicesReport()
        services.services = [.init()]
        let detailed = Set(Self.keys(services)["services"]?.elements.first?.members.map(\.name) ?? [])
        #expect(detailed.isSuperset(of: DetailedServices.keys))
        #expect(
            detailed.subtracting(DetailedServices.keys)
                == ["paused", "retiring", "definition", "workers", "launch-time", "run-time", "failures"])
        let row = Self.keys(ledger)["services"]?.members.first?.value.members.map(\.name) ?? []
        #expect(["name"] + row == LedgerServices.keys)
        #expect(StatusServices.states == StatusReport.ServiceState.allCases.map(\.rawValue))
    }

    private static func keys(_ report: some Report) -> JSONValue {
        JSONValue(document: report.answer(.json)) ?? .null
    }

    @Test(
        "are sorted and chosen by words that exist; others are wrong usage",
        arguments: [
            ["status", "--sort", "size"], ["status", "--sort", "waiting:down"], ["status", "--sort-workers", "name"],
            ["status", "--state", "asleep"], ["ledger", "--sort", "state"], ["ledger", "--state", "running"],
            ["status", "--color", "blue"],
        ])
    func wrongWords(arguments: [String]) { #expect(BelfryTool.run(arguments) == 2) }
}
