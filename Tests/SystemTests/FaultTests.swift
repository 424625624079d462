// SPDX-License-Identifier: Apache-2.0
/// A process of the broker dies at each of the points where that would be worst (LinuxIO's FaultPoint), under the load of a
/// soak. `swift test` builds the executables that have them; a release has none.
/// Invariant of each test: the point was reached, and the judgement is the soak's: all arrives, little comes twice, and
/// both sides of the ledger agree with the count outside.

import LinuxIO
import Testing

@Suite("A death at the worst moment")
struct FaultTests {
    /// Those that are passed a few times only.
    private static let rare: Set<FaultPoint> = [
        .senderPlaceCleared, .senderPlaceTaken, .settingsWrittenDown, .acceptorWentOver, .shardOpened,
        .serviceLaunched, .workerWentOver, .shardClosed, .shardLetGo, .slotsInstalled, .imageGiven,
        .slotsBound, .slotFreed, .deathSeen, .shardFrozen, .parkedFromStored, .parkedToStored, .freezeAsked,
        .spillWritten, .spillCheckpointed, .spillTold, .checkpointWritten, .filesRemoved,
    ]
    /// Those that are passed where every record is committed.
    private static let ofDisk: Set<FaultPoint> = [.logWritten, .logCommitted]

    private static func passing(_ point: FaultPoint) -> Int { rare.contains(point) ? 1 : 20 }
    static func points(of role: String) -> [FaultPoint] { FaultPoint.allCases.filter { $0.role == role } }

    @Test("of the acceptor loses and doubles nothing", arguments: points(of: "acceptor"))
    func acceptor(_ point: FaultPoint) throws { try die(at: point) }

    @Test("of a worker loses nothing", arguments: points(of: "worker").filter { $0 != .backedOff })
    func worker(_ point: FaultPoint) throws { try die(at: point) }

    @Test("of a worker that has just put off a delivery loses nothing")
    func backedOff() throws {
        let scratch = try Scratch()
        let account = try Account("account", recorder: try Account.compile("recorder", in: scratch), in: scratch)
        let failed = scratch.file("failed")
        let script = try scratch.write(
            "once.sh",
            """
            #!/bin/sh
            [ -e '\(failed)' ] || { : >'\(failed)'; exit 75; }
            exec '\(account.recorder)' -x '\(account.folder)'

            """, executable: true)
        let broker = try Broker(
            scratch, services: ["- name: once\n  topics: [\">\"]\n  command: [\(script)]\n  retry: { backoff: 10ms }"],
            environment: FaultMark.environment(.backedOff, passing: 1, in: scratch),
            executable: Executables.builtBelfryd)
        #expect(try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", "0 0"]).succeeded)
        _ = try broker.ledger("delivered") { $0.services["once"]?.delivered == 1 }
        #expect(FaultMark(scratch: scratch).isThere)
        #expect(try account.judge(sent: [1]).senders.map(\.arrived) == [1])
        try broker.stop()
    }

    @Test("of the committer loses nothing", arguments: points(of: "committer"))
    func committer(_ point: FaultPoint) throws { try die(at: point) }

    private func die(at point: FaultPoint) throws {
        let soak = try Soak(
            Self.ofDisk.contains(point) ? .smallDisk : .small, seed: 1, fault: (point, Self.passing(point)))
        let mark = FaultMark(scratch: soak.scratch)
        do {
            let sent = try soak.run(until: mark, of: point.role)
            let verdict = try SoakVerdict(soak, sent)
            verdict.expectNothingLost()
            verdict.expectDeadLetters()
            verdict.expectLedgerAgrees()
            try soak.broker.stop()
        } catch {
            throw Broken(description: "\(error)\n\(soak.broker.program.errors)")
        }
    }

    struct Broken: Error, CustomStringConvertible { let description: String }

    @Test(
        "of the supervisor takes everything with it, and the next one starts as if nothing had been",
        arguments: points(of: "supervisor"))
    func supervisor(_ point: FaultPoint) throws {
        let scratch = try Scratch()
        let recorder = try Recorder.stream("recorder", in: scratch)
        let guest = try Recorder.stream("guest", in: scratch)
        // Some points are passed at the start.
        let broker = try? Broker(
            scratch, services: [recorder.service()], settings: "workers: { count: 1 }",
            environment: FaultMark.environment(point, passing: Self.rare.contains(point) ? 1 : 3, in: scratch),
            executable: Executables.builtBelfryd)
        let deadline = Deadline.after()
        var round = 0
        while let broker, !broker.program.hasEnded {
            guard !deadline.passed else { throw TimedOut("\(point) to be reached\n\(broker.program.errors)") }
            round += 1
            let services = [recorder.service()] + (round % 2 == 1 ? [guest.service()] : [])
            _ = try? broker.reload(services: services, settings: "workers: { count: \(round % 2 + 1) }")
            Roles.signal(Signal.kill, "worker", of: broker)
        }
        #expect(FaultMark(scratch: scratch).isThere)
        _ = try scratch.poll("the end of all that it had started") {
            LeftOver.processes(of: scratch).isEmpty ? true : nil
        }
        let next = try Broker(scratch, services: [recorder.service()])
        let sent = try next.belfry(["send", "--to", "127.0.0.1:\(next.port)", "hello"])
        #expect(sent.succeeded, "\(sent.errors)")
        try recorder.wait(for: 1)
        try next.stop()
    }
}
