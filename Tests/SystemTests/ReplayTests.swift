// SPDX-License-Identifier: Apache-2.0
/// Dead letters that are delivered again, over the ends of belfryd and to each kind of service.
/// Invariant of each test: a letter is delivered again once, under its old id, and is no letter any more.

import LinuxIO
import Testing

@Suite("Replays")
struct ReplayTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// A service of frames that notes what it gets as `ID ATTEMPT BODY`, and wants nothing until it is mended.
    private func frames() throws -> String {
        let program = """
            import os
            from frames import *
            window(16)
            while d := next():
                note("\(scratch.path)/got", "%s %d %s" % (d.id, d.attempt, d.body.decode()))
                if os.path.exists("\(scratch.path)/mended"):
                    done((d.number, d.number))
                else:
                    fail(d.number, 1, b"not now")
            """
        let file = try scratch.write("sick.py", program + "\n")
        return """
            - name: sick
              topics: [">"]
              command: [/usr/bin/python3, -B, \(file)]
              mode: stream
              framing: frames
              environment: { PYTHONPATH: \(Executables.repository)/Tests/Tools }
            """
    }

    /// One of exec.
    private func exec() throws -> String {
        let script = """
            #!/bin/sh
            echo $BELFRY_ID $BELFRY_ATTEMPT $(cat) >>\(scratch.path)/got
            [ -e \(scratch.path)/mended ] || exit 65
            """
        let file = try scratch.write("sick.sh", script + "\n", executable: true)
        return "- name: sick\n  topics: [\">\"]\n  command: [\(file)]"
    }

    private func start(_ service: String, _ durability: String = "memory") throws -> Broker {
        try Broker(scratch, services: [service], settings: "ring: { durability: \(durability) }")
    }

    /// Lets so many messages die, and mends the service.
    /// - Returns: their ids.
    private func bury(_ bodies: [String], at broker: Broker) throws -> [String] {
        try broker.send(bodies)
        _ = try broker.ledger("their deaths") { $0.services["sick"]?.dead == UInt64(bodies.count) }
        _ = try scratch.write("mended", "")
        return try broker.letters().compactMap { $0["message"] as? String }
    }

    /// The service has got the one message twice, as the same one.
    private func expect(_ ids: [String], twice body: String) {
        #expect(scratch.text("got") == String(repeating: "\(ids.first ?? "none") 1 \(body)\n", count: 2))
    }

    /// All of it is done after a kill of the supervisor. With durability disk the first delivery may have come once more:
    /// its outcome was in memory, unless a checkpoint has it.
    private func expectReplayed(_ ids: [String], _ body: String, _ broker: Broker) throws {
        let ledger = try broker.ledger("its delivery") {
            $0.intake.replayed == 1 && ($0.services["sick"]?.delivered ?? 0) > 0 && $0.services["sick"]?.pending == 0
        }
        #expect(ledger.intake.published == ledger.services["sick"]?.matched)
        let got = scratch.text("got").split(separator: "\n")
        #expect((2...3).contains(got.count) && Set(got) == ["\(ids.first ?? "none") 1 \(body)"], "\(got)")
        #expect(try broker.letters().isEmpty)
    }

    @Test("go to a service of frames under their old ids", arguments: ["memory", "disk"])
    func frames(_ durability: String) throws {
        let broker = try start(frames(), durability)
        let ids = try bury(["one"], at: broker)
        #expect(try broker.letters().first?["reason"] as? String == "rejected: not now")
        #expect(try broker.belfry(["dead", "replay", "--all"]).output == "replayed 1 dead letter\n")
        let ledger = try broker.ledger("its delivery") { $0.services["sick"]?.delivered == 1 }
        #expect(ledger.services["sick"]?.matched == 2 && ledger.services["sick"]?.pending == 0)
        #expect(ledger.intake.published == 2 && ledger.intake.replayed == 1)
        expect(ids, twice: "one")
        #expect(try broker.letters().isEmpty)
        try broker.stop()
    }

    @Test("with durability disk a replay that was answered outlives a kill of the supervisor")
    func answered() throws {
        let first = try start(exec(), "disk")
        let ids = try bury(["one"], at: first)
        #expect(try first.belfry(["pause", "sick"]).succeeded)
        #expect(try first.belfry(["dead", "replay", "--all"]).output == "replayed 1 dead letter\n")
        #expect(try first.letters().isEmpty)
        try first.kill()
        let second = try start(exec(), "disk")
        try expectReplayed(ids, "one", second)
        try second.stop()
    }

    @Test("that were under way at a kill of the supervisor go on by themselves", arguments: ["memory", "disk"])
    func underWay(_ durability: String) throws {
        let first = try start(exec(), durability)
        let ids = try bury(["one"], at: first)
        // It takes nothing any more: what is asked for stays under way.
        Roles.signal(Signal.stop, "acceptor", of: first)
        let asker = try Program(
            Executables.belfry, ["--control", first.control, "dead", "replay", "--all"], in: scratch)
        _ =
            try scratch.poll("the letter to be under way") {
                try first.letters().contains { $0["replaying"] as? Bool == true } ? true : nil
            } as Bool
        try first.kill()
        #expect(try asker.wait().succeeded == false)
        let second = try start(exec(), durability)
        // Nobody asks the keeper anything: status and ledger are the supervisor's.
        try expectReplayed(ids, "one", second)
        try second.stop()
    }
}
