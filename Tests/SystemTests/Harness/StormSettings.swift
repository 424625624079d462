// SPDX-License-Identifier: Apache-2.0
/// The whole configuration of the storm as it is at the moment, and how chance changes it. Used by Storm.
/// Invariant: it is valid at any time, and nothing that it can become keeps a sender from sending.

import LinuxIO

struct StormSettings {
    private(set) var services: [StormService]
    private(set) var workers = 2
    private var port = ""
    private var grace = 10

    init(in scratch: Scratch) throws {
        let recorder = try Account.compile("recorder", in: scratch)
        func account(_ name: String) throws -> Account { try Account(name, recorder: recorder, in: scratch) }
        let ordered = ["source", "topic", "all"]
        services = try [
            StormService("single", account("single"), "load", ["all"], [.lines, .frames]),
            StormService("source", account("source"), "load", ["source", "all"], [.lines]),
            StormService("topic", account("topic"), "load", ordered, [.frames, .lines]),
            StormService("loose", account("loose"), "load", ordered + ["none"], [.lines, .frames]),
            StormService("page", account("page"), "slow", ordered, [.exec]),
            StormService("any", account("any"), "slow", ["none", "source"], [.exec, .lines, .frames]),
            StormService("guest", account("guest"), "load", ["source", "all"], [.lines, .frames], isGuest: true),
            StormService("visit", account("visit"), "load", ["none", "topic"], [.frames], isGuest: true),
            StormService("call", account("call"), "slow", ordered, [.exec], isGuest: true),
            StormService(
                "passer", account("passer"), "load", ["none", "source"], [.lines], isGuest: true, onRemove: "drop"),
        ]
    }

    /// Changes one to three things.
    mutating func change(by chance: inout SeededGenerator) {
        for _ in 0..<Int.random(in: 1...3, using: &chance) {
            let index = services.indices.randomElement(using: &chance)!
            switch Int.random(in: 0..<10, using: &chance) {
            case 0: workers = Int.random(in: 1...6, using: &chance)
            case 1: changePort(by: &chance)
            case 2, 3, 4: if services[index].isGuest { services[index].comeOrGo() } else { fallthrough }
            default: services[index].change(by: &chance)
            }
        }
    }

    private mutating func changePort(by chance: inout SeededGenerator) {
        let values = [
            "max-message": ["1KiB", "64KiB", "256KiB"], "max-connections": ["100", "10000"],
            "frame-timeout": ["10s", "30s"], "idle-timeout": ["none", "60s"], "receive-buffer": ["1MiB", "8MiB"],
            "gather": ["0", "2ms"],
        ]
        port = values.keys.sorted().map { ", \($0): \(values[$0]!.randomElement(using: &chance)!)" }.joined()
        grace = Int.random(in: 10...60, using: &chance)
    }

    /// Everybody is there who may be away.
    mutating func gather() {
        for index in services.indices { services[index].come() }
    }

    /// The broker has taken it all as it is.
    mutating func wasApplied() {
        for index in services.indices { services[index].wasApplied() }
    }

    var items: [String] { services.filter(\.isThere).map(\.item) }
    var portOptions: String { port }
    var rest: String {
        "workers: { count: \(workers) }\nring: { size: 4MiB }\nshutdown: { grace: \(grace)s }"
    }

    /// Writes the file that belfryd was started with.
    func write(in scratch: Scratch) throws {
        _ = try Broker.configure(scratch, items, "number: 0\(port)", rest)
    }
}
