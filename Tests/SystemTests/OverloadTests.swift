// SPDX-License-Identifier: Apache-2.0
/// Too little of something: process slots, descriptors, memory, room in the ring, room on the disk. Each has its answer, and
/// when there is enough again all goes on by itself.
/// Invariant of each test: nothing accepted is lost, both sides of the ledger balance, and no role but one that had no
/// memory is restarted.

import Foundation
import LinuxIO
import Testing

@Suite("Overload")
struct OverloadTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func send(_ broker: Broker, _ lines: [String]) throws {
        let sent = try broker.belfry(
            ["send", "--to", "127.0.0.1:\(broker.port)", "--lines", "-"], input: lines.map { $0 + "\n" }.joined())
        #expect(sent.succeeded, "\(sent.errors)")
    }

    private func expectNoRestart(_ broker: Broker) throws {
        let status = try broker.status()
        #expect(status.acceptor.restarts == 0 && status.workers.allSatisfy { $0.restarts == 0 })
    }

    // MARK: what a launch needs

    /// Asks prlimit of a process, as the user that it belongs to.
    private func prlimit(_ arguments: [String], as user: UInt32?) throws -> String {
        let identity = user.map { ["--reuid=\($0)", "--regid=\($0)", "--clear-groups"] } ?? []
        let result = try scratch.run("setpriv", identity + ["prlimit"] + arguments)
        #expect(result.succeeded, "\(result.errors)")
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Sets the soft limit of both workers.
    /// - Returns: what it was.
    private func limit(
        _ broker: Broker, _ resource: String, to value: String, as user: UInt32? = nil
    ) throws -> String {
        var before = ""
        for pid in Roles.pids("worker", of: broker) {
            before = try prlimit(
                ["--pid", "\(pid)", "--\(resource)", "--output=SOFT", "--noheadings", "--raw"], as: user)
            _ = try prlimit(["--pid", "\(pid)", "--\(resource)=\(value):"], as: user)
        }
        return before
    }

    private func shortage(
        _ broker: Broker, _ recorder: Recorder, of resource: String, _ words: String, as user: UInt32? = nil
    ) throws {
        try send(broker, ["before"])
        try recorder.wait(for: 1)
        let before = try limit(broker, resource, to: "1", as: user)
        try send(broker, (1...5).map { "during \($0)" })
        let failed = try broker.details("recorder", "failed launches") { $0.launchFailures >= 2 }
        #expect(failed.reason?.lowercased().contains(words) == true, "\(failed.reason ?? "")")
        #expect(try broker.ledger().services["recorder"]?.pending == 5)
        _ = try limit(broker, resource, to: before, as: user)
        _ = try broker.ledger("all delivered") { $0.services["recorder"]?.delivered == 6 }
        #expect(Set(try recorder.deliveries().map(\.text)).count == 6)
        try expectNoRestart(broker)
        try broker.stop()
    }

    private static let impatient = "retry: { backoff: 50ms, max-backoff: 100ms }"

    @Test("without descriptors for a launch messages wait, and are delivered when there are some")
    func descriptors() throws {
        let recorder = try Recorder.exec("recorder", in: scratch)
        let broker = try Broker(scratch, services: [recorder.service("\">\"", Self.impatient)])
        try shortage(broker, recorder, of: "nofile", "too many open files")
    }

    @Test("with too few descriptors belfryd or its roles can't start, and it says what to raise", arguments: [20, 40])
    func descriptorsAtStart(limit: Int) throws {
        let file = try Broker.configure(scratch, [], "number: 0")
        let start = try Program(
            "prlimit", ["--nofile=\(limit)", Executables.belfryd, "--config", file], in: scratch)
        let words =
            try scratch.poll("what to raise") {
                start.errors.contains("raise LimitNOFILE= of its unit, or ulimit -n") ? start.errors : nil
            } as String
        #expect(words.contains("may have \(limit) descriptors"), "\(words)")
        start.signal(Signal.terminate)
        _ = try start.wait()
    }

    @Test("belfryd raises a low soft limit of descriptors by itself")
    func softLimit() throws {
        let broker = try Broker(
            scratch, services: [], executable: scratch.wrapper("ulimit -Sn 20; exec \"$BELFRYD\" \"$@\""))
        try broker.stop()
    }

    // Root is never refused a process, and another user's may be many: this one's are ours alone.
    @Test(
        "without process slots for a launch messages wait, and are delivered when there are some",
        .enabled(if: CurrentProcess.user == 0, "only root can be somebody else"))
    func processSlots() throws {
        let recorder = try Recorder.exec("recorder", in: scratch)
        let user = UInt32.random(in: 100_000...2_000_000_000)
        try FileManager.default.setAttributes([.ownerAccountID: user], ofItemAtPath: scratch.path)
        let broker = try Broker(
            scratch, services: [recorder.service("\">\"", Self.impatient)],
            executable: scratch.wrapper(
                "exec setpriv --reuid=\(user) --regid=\(user) --clear-groups \"$BELFRYD\" \"$@\""))
        try shortage(broker, recorder, of: "nproc", "resource temporarily unavailable", as: user)
    }

    @Test("without descriptors for connections new ones are closed, the others go on, and status says what would help")
    func connections() throws {
        let recorder = try Recorder.exec("recorder", in: scratch)
        let broker = try Broker(scratch, services: [recorder.service("\">\"")])
        let acceptor = try #require(Roles.pids("acceptor", of: broker).first)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(acceptor)/fd").compactMap { Int($0) }
        _ = try prlimit(["--pid", "\(acceptor)", "--nofile=\(open.max()! + 4):"], as: nil)
        let clients = try (0..<20).map { _ in try Client.tcp(broker.port) }
        // One of those that were taken first, and one of those for which there was nothing left.
        #expect(try clients[19].readToEnd() == [])
        let words = try scratch.poll("a warning") { try broker.status().warnings.first } as String
        #expect(words.contains("no descriptor left") && words.contains("LimitNOFILE"))
        try clients[0].send("during\n")
        try recorder.wait(for: 1)
        _ = try prlimit(["--pid", "\(acceptor)", "--nofile=1024:"], as: nil)
        try send(broker, ["behind"])
        try recorder.wait(for: 2)
        try expectNoRestart(broker)
        try broker.stop()
    }

    @Test("without memory for a launch messages wait, and are delivered when there is some")
    func memory() throws {
        let recorder = try Recorder.exec("recorder", in: scratch)
        let broker = try Broker(scratch, services: [recorder.service("\">\"", Self.impatient)])
        try send(broker, ["before"])
        try recorder.wait(for: 1)
        let before = try limit(broker, "as", to: "1")
        try send(broker, (1...5).map { "during \($0)" })
        // The program ends before it begins; a worker that has no memory for itself is replaced, and its limit with it.
        _ =
            try scratch.poll("trouble") {
                let status = try broker.status()
                return status[service: "recorder"]?.reason != nil || status.workers.contains { $0.restarts > 0 }
                    ? true : nil
            } as Bool
        _ = try limit(broker, "as", to: before)
        _ = try broker.ledger("all delivered") { $0.services["recorder"]?.pending == 0 }
        #expect(Set(try recorder.deliveries().map(\.text)).count == 6)
        try broker.stop()
    }

    // MARK: room

    @Test(
        "a ring that is full, with no room on the disk either, lets TCP wait and refuses UDP, until there is room",
        .enabled(if: SmallDisk.canBeMade, "only root can mount a small disk"))
    func fullRing() throws {
        let disk = try SmallDisk(1_024, in: scratch)
        let recorder = try Recorder.stream("recorder", in: scratch)
        let broker = try Broker(
            scratch, services: [recorder.service("\">\"", "in-flight: 1024")], portOptions: ", max-message: 16KiB",
            settings: "ring: { size: 64KiB }", executable: disk.belfryd())
        try disk.fill()
        #expect(try broker.belfry(["pause", "recorder"]).succeeded)
        let lines = (1...6_000).map { "\($0)\n" }.joined()
        let sender = try Program(
            Executables.belfry, ["send", "--to", "127.0.0.1:\(broker.port)", "--lines", "-"], in: scratch,
            input: Array(lines.utf8))
        let client = try Client.udp(broker.port)
        let full = try broker.ledger("a refused datagram") {
            try? client.send("datagram")
            return $0.intake.refused["full", default: 0] > 0
        }
        #expect(full.services["recorder"]?.delivered == 0)
        #expect(!sender.hasEnded)
        try disk.empty()
        #expect(try broker.belfry(["resume", "recorder"]).succeeded)
        #expect(try sender.wait().succeeded)
        let ledger = try broker.ledger("all delivered") {
            $0.services["recorder"]?.pending == 0 && $0.intake.published >= 6_000
        }
        #expect(ledger.services["recorder"]?.delivered == ledger.intake.published)
        #expect(Set(try recorder.deliveries().map(\.text)).count >= 6_000)
        try expectNoRestart(broker)
        try broker.stop()
    }

    @Test("a committer that can't be started is told with its reason, and what lags is parked as soon as it can")
    func noCommitter() throws {
        let recorder = try Recorder.stream("recorder", in: scratch)
        let broker = try Broker(
            scratch, services: [recorder.service("\">\"", "in-flight: 1024")], portOptions: ", max-message: 16KiB",
            settings: "ring: { size: 64KiB }")
        #expect(try broker.belfry(["pause", "recorder"]).succeeded)
        let (fence, aside) = (scratch.file("state/fence"), scratch.file("fence"))
        try FileManager.default.moveItem(atPath: fence, toPath: aside)
        try FileManager.default.createDirectory(atPath: fence, withIntermediateDirectories: false)
        let sender = try Program(
            Executables.belfry, ["send", "--to", "127.0.0.1:\(broker.port)", "--lines", "-"], in: scratch,
            input: Array((1...6_000).map { "\($0)\n" }.joined().utf8))
        let trouble = try scratch.poll("the reason") { try broker.status().committer.trouble } as String
        #expect(trouble.contains("could not be started") && trouble.contains("state folder"), "\(trouble)")
        try FileManager.default.removeItem(atPath: fence)
        try FileManager.default.moveItem(atPath: aside, toPath: fence)
        #expect(try sender.wait().succeeded)
        #expect(try broker.belfry(["resume", "recorder"]).succeeded)
        _ = try broker.ledger("all delivered") { $0.services["recorder"]?.delivered == 6_000 }
        #expect(try broker.status().committer.trouble == nil)
        try expectNoRestart(broker)
        try broker.stop()
    }

    @Test(
        "with durability disk and no room on it nothing is accepted and nobody is told so, until there is room",
        .enabled(if: SmallDisk.canBeMade, "only root can mount a small disk"))
    func fullDisk() throws {
        // A file of the log takes 64 MiB of it at once.
        let disk = try SmallDisk(200 << 10, in: scratch)
        let recorder = try Recorder.stream("recorder", in: scratch)
        let broker = try Broker(
            scratch, services: [recorder.service("\">\"", "in-flight: 1024")], portOptions: ", max-message: 16KiB",
            settings: "ring: { size: 64KiB, durability: disk }", executable: disk.belfryd())
        try send(broker, ["before"])
        try recorder.wait(for: 1)
        try disk.fill()
        // The next one begins a file of its own.
        try Roles.killAndReplace("committer", of: broker)
        let sender = try Program(
            Executables.belfry, ["send", "--to", "127.0.0.1:\(broker.port)", "--lines", "-"], in: scratch,
            input: Array((1...6_000).map { "\($0)\n" }.joined().utf8))
        let client = try Client.udp(broker.port)
        _ = try broker.ledger("a refused datagram") {
            // The sender over TCP waits for its acks before the ring is full.
            for _ in 0..<64 { try? client.send("datagram") }
            return $0.intake.refused["full", default: 0] > 0
        }
        #expect(try broker.status().committer.trouble?.contains("no space left on device") == true)
        #expect(try !sender.hasEnded && recorder.deliveries().count == 1)
        try disk.empty()
        #expect(try sender.wait(until: .after(.seconds(60))).succeeded)
        let ledger = try broker.ledger("all delivered") {
            $0.services["recorder"]?.pending == 0 && $0.intake.published >= 6_001
        }
        #expect(ledger.services["recorder"]?.delivered == ledger.intake.published)
        #expect(Set(try recorder.deliveries().map(\.text)).isSuperset(of: (1...6_000).map(String.init)))
        try expectNoRestart(broker)
        try broker.stop()
    }

    @Test(
        "a store on a full disk keeps dead letters pending, until there is room",
        .enabled(if: SmallDisk.canBeMade, "only root can mount a small disk"))
    func fullStore() throws {
        let disk = try SmallDisk(4_096, in: scratch)
        let path = try scratch.write(
            "sick.sh", "#!/bin/sh\necho x >>'\(scratch.path)/tries'\nexit 65\n", executable: true)
        let broker = try Broker(
            scratch, services: ["- name: sick\n  topics: [\">\"]\n  command: [\(path)]"], executable: disk.belfryd())
        try send(broker, ["first"])
        _ = try broker.ledger("its death") { $0.services["sick"]?.dead == 1 }
        try disk.fill()
        try send(broker, [String(repeating: "second", count: 20_000)])
        _ = try scratch.wait("a second try") { scratch.text("tries") == "x\nx\n" ? true : nil } as Bool
        _ = try scratch.poll("what the log says") { broker.program.errors.contains("full") ? true : nil } as Bool
        #expect(try broker.ledger().services["sick"]?.pending == 1)
        try disk.empty()
        _ = try broker.ledger("its death") { $0.services["sick"]?.dead == 2 }
        #expect(scratch.text("tries") == "x\nx\n")
        try broker.stop()
    }
}
