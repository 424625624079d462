// SPDX-License-Identifier: Apache-2.0
/// Every way in which an ordinary program can send to the port, each with the program itself: what it sends is handled
/// by a service that was not running before, and a second notification by the same process of a stream service.
/// Invariant of each test: what the service noted is what the sender was told to send.

import LinuxIO
import Testing

@Suite("Every sender reaches a service")
struct SenderTests {
    let scratch: Scratch
    let recorder: Recorder
    let broker: Broker

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
        broker = try Broker(scratch, services: [recorder.service()])
    }

    struct Logger: Sendable, CustomTestStringConvertible {
        let transport: String
        let options: [String]
        var testDescription: String { ([transport] + options).joined(separator: " ") }
    }

    static let loggers = [
        Logger(transport: "--udp", options: ["--rfc5424"]),
        Logger(transport: "--udp", options: ["--rfc3164"]),
        Logger(transport: "--tcp", options: ["--rfc5424"]),
        Logger(transport: "--tcp", options: ["--rfc3164"]),
        Logger(transport: "--tcp", options: ["--rfc5424", "--octet-count"]),
        Logger(transport: "--tcp", options: ["--rfc3164", "--octet-count"]),
    ]

    @Test("logger's lines start a service, and the next one goes to the same process", arguments: loggers)
    func logger(_ form: Logger) throws {
        #expect(try broker.status()[service: "recorder"]?.state == "stopped")
        for word in ["first", "second"] {
            let options = ["--server", "127.0.0.1", "--port", "\(broker.port)", form.transport] + form.options
            let sent = try scratch.run("logger", options + ["-p", "daemon.crit", "disk sda is failing \(word)"])
            #expect(sent.succeeded, "\(sent.errors)")
            try recorder.wait(for: word == "first" ? 1 : 2)
        }
        let deliveries = try recorder.deliveries()
        #expect(Set(deliveries.map(\.process)).count == 1)
        #expect(deliveries.map(\.topic) == ["syslog.daemon.crit", "syslog.daemon.crit"])
        #expect(deliveries[0].text.hasSuffix("disk sda is failing first"))
        #expect(deliveries[1]["syslog"].contains("disk sda is failing second"))
        try broker.stop()
    }

    @Test("a datagram from nc is one raw message")
    func ncDatagram() throws {
        try scratch.run("nc", ["-u", "-q0", "127.0.0.1", "\(broker.port)"], input: "hello\n")
        let delivery = try recorder.wait(for: 1)[0]
        #expect(delivery.topic == "raw")
        #expect(delivery.text == "hello\n")
        try broker.stop()
    }

    @Test("each line that nc sends on a connection is one raw message")
    func ncLines() throws {
        try scratch.run("nc", ["-N", "127.0.0.1", "\(broker.port)"], input: "one\ntwo\n")
        let deliveries = try recorder.wait(for: 2)
        #expect(deliveries.map(\.text) == ["one", "two"])
        #expect(deliveries.map(\.topic) == ["raw", "raw"])
        #expect(deliveries[0].process == deliveries[1].process)
        try broker.stop()
    }

    @Test("a CloudEvent is handled under its type", arguments: ["-u", "-N"])
    func cloudEvent(_ transport: String) throws {
        let event = """
            {"specversion":"1.0","type":"com.example.disk.full","source":"/sda","id":"1","data":{"percent":97}}

            """
        let arguments = transport == "-u" ? ["-u", "-q0"] : ["-N"]
        try scratch.run("nc", arguments + ["127.0.0.1", "\(broker.port)"], input: event)
        let delivery = try recorder.wait(for: 1)[0]
        #expect(delivery.topic == "com.example.disk.full")
        #expect(delivery["protocol"] == "cloudevents")
        #expect(delivery["cloudevent"].contains("1.0"))
        try broker.stop()
    }

    @Test("a JSON object may name its topic and its body")
    func jsonTopic() throws {
        let object = #"{"topic":"alerts.disk.full","body":"sda1 at 97 %"}"# + "\n"
        try scratch.run("nc", ["-N", "127.0.0.1", "\(broker.port)"], input: object)
        let delivery = try recorder.wait(for: 1)[0]
        #expect(delivery.topic == "alerts.disk.full")
        #expect(delivery.text == "sda1 at 97 %")
        try broker.stop()
    }

    @Test("belfry send hands over one message and returns when it is accepted", arguments: [[], ["--udp"]])
    func send(_ options: [String]) throws {
        let arguments = ["send", "--to", "127.0.0.1:\(broker.port)"] + options
        let sent = try broker.belfry(arguments + ["--topic", "alerts.disk.full", "sda1 at 97 %"])
        #expect(sent.succeeded, "\(sent.errors)")
        if options.isEmpty { #expect(try broker.ledger().intake.published == 1) }
        let delivery = try recorder.wait(for: 1)[0]
        #expect(delivery.topic == "alerts.disk.full")
        #expect(delivery.text == "sda1 at 97 %")
        #expect(delivery["protocol"] == "native")
        try broker.stop()
    }

    @Test("belfry send takes the body from standard input, newlines and all")
    func sendInput() throws {
        let arguments = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "notes.new", "-"]
        let sent = try broker.belfry(arguments, input: "first line\nsecond line\n")
        #expect(sent.succeeded, "\(sent.errors)")
        #expect(try recorder.wait(for: 1)[0].text == "first line\nsecond line\n")
        try broker.stop()
    }

    @Test("belfry send --lines makes each line a message and strips the newline")
    func sendLines() throws {
        let lines = (1...100).map { "line \($0)" }
        let arguments = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "notes.line", "--lines", "-"]
        let sent = try broker.belfry(arguments, input: lines.joined(separator: "\n") + "\n")
        #expect(sent.succeeded, "\(sent.errors)")
        #expect(try broker.ledger().intake.published == 100)
        #expect(try recorder.wait(for: 100).map(\.text) == lines)
        try broker.stop()
    }

    @Test("an exec service is started once for each message and finds it in its environment and standard input")
    func execService() throws {
        let exec = try Recorder.exec("page", in: scratch)
        let second = try Broker(Scratch(), services: [exec.service("alerts.>")])
        for body in ["one", "two"] {
            let to = ["send", "--to", "127.0.0.1:\(second.port)", "--topic", "alerts.disk"]
            #expect(try second.belfry(to + [body]).succeeded)
        }
        let deliveries = try exec.wait(for: 2)
        #expect(deliveries.map(\.text).sorted() == ["one", "two"])
        #expect(deliveries[0].process != deliveries[1].process)
        #expect(deliveries.map(\.topic) == ["alerts.disk", "alerts.disk"])
        #expect(deliveries.map { $0["service"] } == ["page", "page"])
        #expect(deliveries.map(\.attempt) == ["1", "1"])
        try second.stop()
        try broker.stop()
    }
}
