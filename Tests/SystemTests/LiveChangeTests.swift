// SPDX-License-Identifier: Apache-2.0
/// What a change does to deliveries that are open while it is made: a service that comes back, is given other patterns,
/// another command, number of shards or order. SettingsStormTests changes all of it at once.
/// Invariant of each test: what was accepted is delivered once and in its order, and the change is in force when `reload`
/// returns.

import LinuxIO
import Testing

@Suite("Deliveries that are open while a service changes")
struct LiveChangeTests {
    let scratch: Scratch
    let held: HeldService
    let other: Recorder

    init() throws {
        scratch = try Scratch()
        held = try HeldService("held", in: scratch)
        other = try Recorder.stream("other", in: scratch)
    }

    private func send(_ broker: Broker, _ bodies: [String], topic: String = "test.topic") throws {
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", topic, "--lines", "-"]
        let sent = try broker.belfry(to, input: bodies.map { $0 + "\n" }.joined())
        #expect(sent.succeeded, "\(sent.errors)")
    }

    /// What the answer says, line by line.
    private func reload(_ broker: Broker, _ services: [String]) throws -> [Substring] {
        try broker.rewrite(services: services)
        let result = try broker.belfry(["reload"])
        try #require(result.succeeded, "\(result.output)\(result.errors)")
        return result.output.split(separator: "\n")
    }

    private func delivered(_ count: UInt64, _ name: String, _ broker: Broker) throws {
        _ = try broker.ledger("\(count) delivered to \(name)") {
            $0.services[name]?.delivered == count && $0.services[name]?.pending == 0
        }
    }

    @Test("a service that comes back while it still drains goes on behind what it had, in order")
    func comesBack() throws {
        let item = held.service("\">\"", "in-flight: 1", "order: all")
        let broker = try Broker(scratch, services: [item, other.service()])
        try send(broker, ["one", "two"])
        try held.wait(for: 1)
        _ = try reload(broker, [other.service()])
        try send(broker, ["missed"])
        _ = try reload(broker, [item, other.service()])
        try send(broker, ["three", "four"])
        held.open()
        try delivered(4, "held", broker)
        #expect(held.deliveries.map(\.body) == ["one", "two", "three", "four"])
        try broker.stop()
    }

    @Test("other patterns count from the reload on")
    func patterns() throws {
        let broker = try Broker(scratch, services: [other.service("\"old.>\"")])
        try send(broker, ["one"], topic: "old.topic")
        try send(broker, ["unwanted"], topic: "new.topic")
        _ = try reload(broker, [other.service("\"new.>\"")])
        try send(broker, ["unwanted"], topic: "old.topic")
        try send(broker, ["two"], topic: "new.topic")
        try delivered(2, "other", broker)
        #expect(try other.deliveries().map(\.text) == ["one", "two"])
        #expect(try broker.ledger().intake.unrouted == 2)
        try broker.stop()
    }

    @Test("another command takes over behind the delivery that is open, in order")
    func command() throws {
        let options = ["in-flight: 1", "order: all"]
        let broker = try Broker(scratch, services: [held.service("\">\"", options[0], options[1])])
        try send(broker, ["one", "two", "three"])
        try held.wait(for: 1)
        let told = try reload(broker, [held.service(word: "second", options[0], options[1])])
        #expect(told.contains { $0.contains("services.held.command") && $0.contains("->") }, "\(told)")
        held.open()
        try delivered(3, "held", broker)
        #expect(held.deliveries.map(\.body) == ["one", "two", "three"])
        #expect(held.deliveries.map(\.word) == ["first", "second", "second"])
        try broker.stop()
    }

    @Test("a change that does not touch the process leaves it alone")
    func window() throws {
        let broker = try Broker(scratch, services: [held.service("\">\"", "in-flight: 1")])
        try send(broker, ["one", "two", "three"])
        try held.wait(for: 1)
        _ = try reload(broker, [held.service("\"test.>\"", "in-flight: 2", "ack-timeout: 40s", "idle-timeout: 1m")])
        held.open()
        try delivered(3, "held", broker)
        #expect(Set(held.deliveries.map(\.process)).count == 1)
        try broker.stop()
    }

    struct Shape: Sendable, CustomTestStringConvertible {
        let before: String
        let after: String
        var testDescription: String { "\(before) to \(after)" }
    }

    static let shapes = [
        Shape(before: "instances: 1\n  order: all", after: "instances: 3\n  order: source"),
        Shape(before: "instances: 4\n  order: topic", after: "instances: 2\n  order: topic"),
        Shape(before: "instances: 2\n  order: none", after: "instances: 1\n  order: all"),
        Shape(before: "in-flight: 64", after: "in-flight: 16384"),
    ]

    @Test("other shards, another order and a larger window take over what comes, behind what was", arguments: shapes)
    func shape(_ shape: Shape) throws {
        let broker = try Broker(scratch, services: [held.service("\">\"", shape.before)])
        let bodies = (1...20).map { "body \($0)" }
        try send(broker, Array(bodies[..<10]))
        try held.wait(for: 1)
        _ = try reload(broker, [held.service("\">\"", shape.after)])
        try send(broker, Array(bodies[10...]))
        held.open()
        try delivered(20, "held", broker)
        let arrived = held.deliveries.map(\.body)
        #expect(Set(arrived) == Set(bodies) && arrived.count == 20)
        if !shape.before.contains("none") && shape.before.contains("order") { #expect(arrived == bodies) }
        // What was sent after the change comes behind all that was sent before, where either of the two was ordered.
        if shape.after.contains("order") { #expect(Set(arrived[..<10]) == Set(bodies[..<10])) }
        try broker.stop()
    }
}
