// SPDX-License-Identifier: Apache-2.0
/// One belfryd takes over from another while messages come and go, as docs/upgrade.md promises: nothing is lost, nothing is
/// taken twice, and the next take-over works, whatever became of this one.
/// Invariant of each test: what every sender was told is accepted is delivered, and nothing of a former belfryd is left.

import LinuxIO
import Testing

@Suite("Hot restart", .serialized)
struct HotRestartTests {
    private let scratch: Scratch
    private let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
    }

    private func start(_ settings: String = "", environment: [String] = []) throws -> Broker {
        try Broker(
            scratch, services: [recorder.service("\">\"", "in-flight: 64")], settings: settings,
            environment: environment, executable: Executables.builtBelfryd)
    }

    private func send(_ broker: Broker, _ body: String) throws {
        let sent = try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", body])
        #expect(sent.succeeded, "\(sent.errors)")
    }

    @Test("a belfryd that takes over serves what was pending and what comes, under the next generation's number")
    func takesOver() throws {
        let broker = try start()
        try send(broker, "before")
        try recorder.wait(for: 1)
        let before = try broker.status()
        let result = try broker.restart()
        #expect(result.succeeded, "\(result.errors)\n\(broker.program.errors)")
        let after = try broker.status()
        #expect(after.pid != before.pid && after.generation == before.generation + 1)
        #expect(after.address == before.address)
        #expect(after.uptime >= before.uptime)
        try send(broker, "after")
        #expect(Set(try recorder.wait(for: 2).map(\.text)) == ["before", "after"])
        #expect(try broker.program.wait().status == .exited(0))
        let ledger = try broker.ledger("all delivered") { $0.services["recorder"]?.delivered == 2 }
        #expect(ledger.intake.published == 2)
        try broker.stop()
    }
}
