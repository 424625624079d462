// SPDX-License-Identifier: Apache-2.0
/// Changes besides the services, as their users feel them: deliveries that are open at a worker that goes, connections
/// that are there when a limit changes, scripts that read the answer. ReloadTests and ReloadFileTests have the rest.
/// Invariant of each test: what is in force when the command returns is what it said, and no notification is lost by it.

import Foundation
import LinuxIO
import Testing

@Suite("Changes as those feel them who are there")
struct LiveSettingsTests {
    let scratch: Scratch
    let recorder: Recorder
    let broker: Broker

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
        broker = try Broker(scratch, services: [recorder.service()])
    }

    private func send(_ bodies: [String], to broker: Broker) throws {
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", "--lines", "-"]
        let sent = try broker.belfry(to, input: bodies.map { $0 + "\n" }.joined())
        #expect(sent.succeeded, "\(sent.errors)")
    }

    @Test("a worker that goes finishes what its services have open, and nothing is delivered twice")
    func workerGoes() throws {
        let held = try HeldService("held", in: scratch)
        let items = [held.service("\">\"", "instances: 4", "in-flight: 1")]
        #expect(try broker.reload(services: items, settings: "workers: { count: 4 }").succeeded)
        try send((1...20).map { "body \($0)" }, to: broker)
        try held.wait(for: 4)
        let fewer = try Program(Executables.belfry, ["--control", broker.control, "workers", "1"], in: scratch)
        held.open()
        let result = try fewer.wait()
        #expect(result.succeeded, "\(result.errors)")
        _ = try broker.ledger("all delivered") { $0.services["held"]?.delivered == 20 }
        #expect(Set(held.deliveries.map(\.body)).count == 20)
        #expect(held.deliveries.count == 20)
        #expect(Roles.pids("worker", of: broker).count == 1)
        try broker.stop()
    }

    @Test("a limit of the port holds for connections that were there before it")
    func maxMessage() throws {
        let client = try Client.tcp(broker.port)
        try client.send(Native.publish(1, "test.topic", String(repeating: "x", count: 2_000)))
        #expect(try Native.types(client.read(atLeast: 16)) == [4])
        let smaller = try broker.reload(services: [recorder.service()], portOptions: ", max-message: 1KiB")
        #expect(smaller.succeeded, "\(smaller)")
        let next = try Client.tcp(broker.port)
        try next.send(Native.publish(1, "test.topic", String(repeating: "x", count: 1_100)))
        #expect(try Native.types(next.read(atLeast: 18)).first == 5)
        try client.send(Native.publish(2, "test.topic", String(repeating: "x", count: 1_100)))
        _ = try broker.ledger("both refused") { $0.intake.refused == ["too-large": 2] }
        let larger = try broker.reload(services: [recorder.service()])
        #expect(larger.succeeded, "\(larger)")
        try next.send(Native.publish(2, "test.topic", String(repeating: "x", count: 2_000)))
        #expect(try recorder.wait(for: 2).map { $0.text.count } == [2_000, 2_000])
        try broker.stop()
    }

    @Test("a file that is gone is told, and nothing changes")
    func missingFile() throws {
        try FileManager.default.removeItem(atPath: scratch.file("belfry.yaml"))
        let refused = try broker.belfry(["reload"])
        #expect(refused.status == .exited(1))
        #expect((refused.output + refused.errors).contains("belfry.yaml"))
        try send(["still here"], to: broker)
        try recorder.wait(for: 1)
        try broker.stop()
    }

    @Test("the same file again changes nothing, and that is what the answer says")
    func unchanged() throws {
        let same = try broker.belfry(["reload"])
        #expect(same.succeeded, "\(same.errors)")
        #expect(same.output.contains("nothing has changed"), "\(same.output)")
        try broker.stop()
    }

    @Test("for machines the answer is one object: the version, what has changed, what needs a restart")
    func json() throws {
        try broker.rewrite(services: [recorder.service()], settings: "workers: { count: 3 }\nring: { size: 8MiB }")
        let answer = try broker.belfry(["reload", "--json"])
        #expect(answer.succeeded, "\(answer.errors)")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any])
        let changed = try #require(object["changed"] as? [[String: Any]])
        let restart = try #require(object["restart"] as? [[String: Any]])
        #expect(object["version"] is NSNumber)
        #expect(changed.contains { $0["key"] as? String == "workers.count" }, "\(answer.output)")
        #expect(restart.contains { $0["key"] as? String == "ring.size" }, "\(answer.output)")
        try broker.stop()
    }
}
