// SPDX-License-Identifier: Apache-2.0
/// What a new configuration changes, in words, and what it can't change.

import Control
import Settings
import Testing

@testable import Supervision

private func difference(
    _ old: Settings = Settings(), portIsGiven: Bool = false, _ change: (inout Settings) -> Void
) -> SettingsDifference {
    var new = old
    change(&new)
    return SettingsDifference(running: old, file: new, portIsGiven: portIsGiven)
}

private func changes(_ change: (inout Settings.Service) -> Void) -> [ChangeReport.Change] {
    var old = Settings()
    old.services = [service("a")]
    return difference(old) { change(&$0.services[0]) }.changed
}

@Suite("Settings difference")
struct SettingsDifferenceTests {
    @Test("the same file changes nothing")
    func nothing() {
        var old = Settings()
        old.services = [service("a"), service("b")]
        let same = difference(old) { _ in }
        #expect(same.changed.isEmpty && same.restart.isEmpty && same.fault == nil)
    }

    @Test("a limit is told with both values in the file's own words")
    func limits() {
        let result = difference {
            $0.port.maxMessage = 1 << 16
            $0.port.idleTimeout = .seconds(90)
            $0.shutdown.grace = .milliseconds(1500)
            $0.workers.count = 4
        }
        #expect(
            result.changed == [
                .init("port.max-message", from: "1MiB", to: "64KiB"),
                .init("port.idle-timeout", from: "none", to: "90s"),
                .init("workers.count", from: "2", to: "4"),
                .init("shutdown.grace", from: "10s", to: "1500ms"),
            ])
    }

    @Test("what needs a restart keeps its running value, and is named with both")
    func restart() {
        let result = difference {
            $0.ring.size = 128 << 20
            $0.port.number = 514
            $0.control.socket = "/x"
        }
        #expect(result.changed.isEmpty)
        #expect(
            result.restart == [
                .init("port.number", running: "2355", file: "514"),
                .init("ring.size", running: "64MiB", file: "128MiB"),
                .init("control.socket", running: "/run/belfry/control.sock", file: "/x"),
            ])
        #expect(result.settings == Settings())
    }

    @Test("of a port that was handed over nobody asks where it is")
    func givenPort() {
        #expect(difference(portIsGiven: true) { $0.port.number = 514 }.restart.isEmpty)
    }

    @Test("a message that the running ring can't take is a fault, though the file's own ring could")
    func tooLarge() {
        let result = difference {
            $0.ring.size = 256 << 20
            $0.port.maxMessage = 32 << 20
        }
        #expect(
            result.fault == "port.max-message: is 32MiB; the running ring of 64MiB takes 16MiB at most")
    }

    @Test("services that come, go and are renamed are told by name")
    func services() {
        var old = Settings()
        old.services = [
            service("stays"), service("old"), service("drops") { $0.onRemove = .drop },
            service("buries") { $0.onRemove = .dead }, service("drains"),
        ]
        let result = difference(old) {
            $0.services = [service("new") { $0.renamedFrom = "old" }, service("stays"), service("comes")]
        }
        #expect(
            result.changed == [
                .init("services.new", from: nil, to: "renamed from old"),
                .init("services.comes", from: nil, to: "added"),
                .init("services.drops", from: nil, to: "removed (dropping)"),
                .init("services.buries", from: nil, to: "removed (into dead letters)"),
                .init("services.drains", from: nil, to: "removed (draining)"),
            ])
    }

    @Test("the order of services in the file is no change, nor is a name that was given up before")
    func reordered() {
        var old = Settings()
        old.services = [service("a"), service("b")]
        #expect(difference(old) { $0.services.reverse() }.changed.isEmpty)
        #expect(difference(old) { $0.services[0].renamedFrom = "z" }.changed.isEmpty)
    }

    @Test("a service's settings are told one by one")
    func oneByOne() {
        #expect(
            changes {
                $0.command = ["/bin/true", "x y", ""]
                $0.topics = ["a.>"]
            } == [
                .init("services.a.topics", from: "[>]", to: "[a.>]"),
                .init("services.a.command", from: "[/bin/true]", to: "[/bin/true, \"x y\", \"\"]"),
            ])
    }

    @Test("of variables the names are told, never the values")
    func variables() {
        var old = Settings()
        old.services = [
            service("a") { $0.environment = ["A", "B", "C"].map { .init(name: $0, value: "secret") } }
        ]
        let changed = difference(old) {
            $0.services[0].environment = ["D", "C", "B"].map { .init(name: $0, value: $0 == "B" ? "secret" : "hidden") }
        }.changed
        #expect(
            changed == [
                .init("services.a.environment.D", from: nil, to: "set"),
                .init("services.a.environment.C", from: nil, to: "set to something else"),
                .init("services.a.environment.A", from: nil, to: "not set any more"),
            ])
    }

    @Test("no field of a service can change without a word")
    func everyField() {
        let each: [(inout Settings.Service) -> Void] = [
            { $0.topics = [] }, { $0.command = [] }, { $0.mode = .stream }, { $0.framing = .frames },
            { $0.instances = 2 }, { $0.lanes = 2 }, { $0.concurrency = 2 }, { $0.inFlight = 2 },
            { $0.ackTimeout = .seconds(1) }, { $0.idleTimeout = nil }, { $0.retry.attempts = 1 },
            { $0.retry.backoff = .seconds(2) }, { $0.retry.maxBackoff = .seconds(2) }, { $0.retry.jitter = 1 },
            { $0.retry.timeLimit = .seconds(2) }, { $0.order = .all },
            { $0.retain.bytes = 1 << 30 }, { $0.retain.age = .seconds(2) },
            { $0.directory = "/" }, { $0.environment = [.init(name: "A", value: "")] },
            { $0.credentials = .init(user: "x", uid: 1, gid: 1, groups: []) },
            { $0.limits = [.init(name: "nofile", resource: 7, soft: 1, hard: 2)] }, { $0.onRemove = .drop },
        ]
        for change in each { #expect(changes(change).count == 1) }
        // As many as the type has fields, but for name, renamed-from and placement; retry has five of its own, retain two.
        #expect(Mirror(reflecting: anyService).children.count - 3 + 4 + 1 == each.count)
    }
}

private let anyService = Settings.Service(name: "a", topics: [], command: [])
