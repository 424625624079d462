// SPDX-License-Identifier: Apache-2.0
/// What the verbs make of their arguments, before they do anything.

import Control
import Testing

import BelfryClient

@testable import Commands

@Suite("An invocation")
struct InvocationTests {
    @Test(
        "may name the control socket before the verb",
        arguments: [
            (["--control", "x", "status", "--json"], ["status", "--control", "x", "--json"]),
            (["--control=x", "ledger"], ["ledger", "--control=x"]),
            (["status", "--control", "x"], ["status", "--control", "x"]),
            (["--control", "x"], ["--control", "x"]), (["--control", "x", "--help"], ["--control", "x", "--help"]),
            ([], []),
        ] as [([String], [String])])
    func order(given: [String], expected: [String]) { #expect(Invocation.ordered(given) == expected) }

    @Test(
        "that is wrong ends with 2, one that fails with 1, help with 0",
        arguments: [
            ([], 2), (["frobnicate"], 2), (["status", "2s"], 2), (["status", "--watch", "soon"], 2), (["send"], 2),
            (["send", "--to", "nowhere", "x"], 2), (["send", "--lines", "x"], 2), (["settings-image"], 2),
            (["check", "/no/such/file"], 1), (["status", "--control", "/no/such/socket"], 1),
            (["pause"], 2), (["pause", "--all", "archive"], 2), (["resume", "two words"], 2), (["retry", "*"], 2),
            (["services", "--sort", "definition"], 2), (["retry", "--all", "--control", "/no/such/socket"], 1),
            (["restart", "--all", "archive"], 2), (["restart", "two words"], 2), (["update"], 2),
            (["update", "--history", "/b"], 2), (["update", "--history", "--limit", "0"], 2),
            (["update", "/b", "/c"], 2),
            (["update", "/a\u{1B}"], 2), (["update", "b", "--control", "/no/such/socket", "--", "--config", "x"], 1),
            (["restart", "--control", "/no/such/socket"], 1), (["update", "--help"], 0), (["restart", "--help"], 0),
            (["send", "--help"], 0), (["pause", "--help"], 0), (["dead", "replay"], 2),
            (["dead", "replay", "--all", "1"], 2), (["dead", "drop", "--all", "1"], 2),
        ] as [([String], Int32)])
    func exitStatus(arguments: [String], status: Int32) { #expect(BelfryTool.run(arguments) == status) }

    @Test(
        "looks for the control socket at the user's, the system's, then the checkout's place",
        arguments: [
            (nil, "/run/user/7", ["/run/user/7/belfry/control.sock", "/run/belfry/control.sock", ".run/control.sock"]),
            (nil, nil, ["/run/belfry/control.sock", ".run/control.sock"]),
            (nil, "", ["/run/belfry/control.sock", ".run/control.sock"]), ("x", "/run/user/7", ["x"]),
        ] as [(String?, String?, [String])])
    func places(named: String?, runtime: String?, expected: [String]) {
        #expect(ControlOption.places(named: named, runtime: runtime) == expected)
    }

    @Test(
        "watches at intervals from 100ms to a day",
        arguments: [
            ("100ms", 100_000_000), ("2s", 2_000_000_000), ("1m", 60_000_000_000), ("24h", 86_400_000_000_000),
            ("99ms", nil), ("25h", nil), ("2", nil), ("-1s", nil), ("s", nil), ("9223372036854775807s", nil),
        ] as [(String, UInt64?)])
    func interval(text: String, expected: UInt64?) { #expect(Interval.parse(text) == expected) }

    @Test(
        "sends to HOST:PORT, with an IPv6 address in brackets",
        arguments: [
            ("127.0.0.1:2355", "127.0.0.1", 2355), ("[::1]:514", "::1", 514), ("host.example:1", "host.example", 1),
        ])
    func endpoint(text: String, host: String, port: UInt16) {
        #expect(Endpoint(text)?.host == host)
        #expect(Endpoint(text)?.port == port)
    }

    @Test("sends to nothing else", arguments: ["", "host", ":1", "host:", "host:0", "host:65536", "::1:514", "[]:1"])
    func noEndpoint(text: String) { #expect(Endpoint(text) == nil) }
}
