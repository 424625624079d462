// SPDX-License-Identifier: Apache-2.0
/// `belfry update`: another belfryd is examined, tried, takes over and is watched; or nothing has changed, and the next
/// update works.
/// Invariant of each test: what was accepted is delivered once, whatever became of the update.

import LinuxIO
import Testing

@Suite("Hot update", .serialized)
struct UpdateTests {
    private let scratch: Scratch
    private let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
    }

    private var services: [String] { [recorder.service("\">\"", "in-flight: 64")] }

    private func start(probation: String = "200ms", environment: [String] = []) throws -> Broker {
        try Broker(
            scratch, services: services, settings: "update: { probation: \(probation) }", environment: environment,
            executable: Executables.builtBelfryd)
    }

    private func send(_ broker: Broker, _ body: String) throws {
        let sent = try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", body])
        #expect(sent.succeeded, "\(sent.errors)")
    }

    private func steps(_ output: String) -> [String] {
        output.split(separator: "\n").compactMap { $0.firstMatch(of: /"step":"([a-z]+)"/).map { String($0.1) } }
    }

    /// The next update, which has to work whatever was before; and everything that was sent has arrived.
    private func expectNextWorks(_ broker: Broker, _ build: OtherBuild, sent: [String]) throws {
        try send(broker, "meanwhile")
        let result = try broker.belfry(["update", build.path])
        #expect(result.succeeded, "\(result.output)\(result.errors)\n\(broker.program.errors)")
        try broker.follow()
        try send(broker, "after")
        let expected = sent + ["meanwhile", "after"]
        #expect(try recorder.wait(for: expected.count).map(\.text).sorted() == expected.sorted())
        #expect(!scratch.exists("state/shadow"))
        try broker.stop()
    }

    @Test("goes over to another executable, tells each step, and both status and history know it")
    func commits() throws {
        let broker = try start()
        let build = try OtherBuild(scratch)
        try send(broker, "before")
        let before = try broker.status()
        let result = try broker.belfry(["update", "--json", build.path])
        #expect(result.succeeded, "\(result.errors)\n\(broker.program.errors)")
        #expect(steps(result.output) == ["staged", "shadow", "frozen", "probation", "committed"])
        #expect(result.output.split(separator: "\n").last?.contains(#"{"verdict":"committed""#) == true)
        try broker.follow()
        let after = try broker.status()
        #expect(after.pid != before.pid && after.generation == 2 && after.address == before.address)
        let image = try broker.belfry(["status", "--json"]).output
        #expect(image.contains(#""image":{"path":"\#(build.path)","version":"9.9.9""#), "\(image)")
        try send(broker, "after")
        #expect(Set(try recorder.wait(for: 2).map(\.text)) == ["before", "after"])
        let history: String = try scratch.poll("the history") {
            let told = try broker.belfry(["update", "--history"]).output
            return told.contains("committed") ? told : nil
        }
        #expect(history.contains("9.9.9 \(build.path)") && history.contains("probation"), "\(history)")
        try broker.stop()
    }

    @Test("with --dry-run tries everything and changes nothing")
    func dryRun() throws {
        let broker = try start()
        let build = try OtherBuild(scratch)
        let before = try broker.status()
        let result = try broker.belfry(["update", "--dry-run", "--json", build.path])
        #expect(result.succeeded, "\(result.errors)\n\(broker.program.errors)")
        #expect(steps(result.output) == ["staged", "shadow"])
        #expect(result.output.contains(#"{"verdict":"dry-run""#))
        #expect(try broker.status().pid == before.pid)
        try expectNextWorks(broker, build, sent: [])
    }

    @Test("refuses what can't follow, before anything is tried, and says why")
    func refuses() throws {
        let broker = try start()
        let half = try OtherBuild(scratch, "half")
        try scratch.run("truncate", ["--size=-1", half.path])
        let other = try OtherBuild(scratch, "other", ring: 77)
        for (path, words) in [
            (scratch.file("none"), "there is no such file"), ("/bin/sh", "is not belfryd"),
            (half.path, "is cut short"), (other.path, "ring 77 in place of"),
            ("/etc", "is no file that could be executed"),
        ] {
            let result = try broker.belfry(["update", "--json", path])
            #expect(result.status == .exited(1))
            #expect(result.errors.contains("\(path): ") && result.errors.contains(words), "\(result.errors)")
            #expect(steps(result.output) == [] && result.output.contains(#"{"verdict":"refused""#))
        }
        try expectNextWorks(broker, try OtherBuild(scratch), sent: [])
    }

    @Test("refuses a second one, and any other change, while one is under way")
    func second() throws {
        let broker = try start(probation: "60s")
        let build = try OtherBuild(scratch)
        let first = try Program(
            Executables.belfry, ["--control", broker.control, "update", "--json", build.path], in: scratch)
        _ = try scratch.poll("the probation") { first.output.contains("frozen") ? true : nil }
        try broker.follow()
        for change in [["update", build.path], ["reload"], ["restart"], ["pause", "recorder"]] {
            let second = try broker.belfry(change)
            #expect(
                second.status == .exited(1) && second.errors.contains("a new belfryd is taking over"),
                "\(change): \(second.errors)")
        }
        first.signal(Signal.kill)
        try broker.killSuccessor()
        let pid = broker.program.pid
        _ = try scratch.poll("the old one to go on") { (try? broker.status().pid) == pid ? true : nil }
        try broker.stop()
    }

    @Test(
        "that dies at its start, or loses its canary, leaves everything as it was",
        arguments: [
            (FaultPoint.shadowBegun, "refused"), (.shadowCanarySent, "refused"), (.canaryLost, "refused"),
            (.successorStarted, "failed"), (.successorAdopts, "failed"), (.successorServing, "failed"),
        ])
    func sabotaged(_ point: FaultPoint, _ verdict: String) throws {
        let broker = try start(environment: FaultMark.environment(point, passing: 1, in: scratch))
        let build = try OtherBuild(scratch)
        let before = try broker.status()
        try send(broker, "before")
        let result = try broker.belfry(["update", "--json", build.path])
        #expect(result.status == .exited(1))
        #expect(result.output.contains(#"{"verdict":"\#(verdict)""#), "\(result.output)\n\(broker.program.errors)")
        #expect(try broker.status().pid == before.pid)
        try expectNextWorks(broker, build, sent: ["before"])
    }

    @Test("that dies in its probation gives everything back")
    func probation() throws {
        let broker = try start(probation: "60s")
        let build = try OtherBuild(scratch)
        let before = try broker.status()
        let update = try Program(
            Executables.belfry, ["--control", broker.control, "update", "--json", build.path], in: scratch)
        _ = try scratch.poll("the probation") { update.output.contains("frozen") ? true : nil }
        try send(broker, "to the new one")
        _ = try broker.ledger("what the new one has taken to be delivered") {
            $0.services["recorder"]?.delivered == 1
        }
        try broker.follow()
        try broker.killSuccessor()
        let result = try update.wait()
        #expect(result.status == .exited(1))
        #expect(result.errors.contains("the new belfryd ended in its probation"), "\(result.errors)")
        #expect(try broker.status().pid == before.pid)
        try broker.rewrite(services: services, settings: "update: { probation: 200ms }")
        #expect(try broker.belfry(["reload"]).succeeded)
        try expectNextWorks(broker, build, sent: ["to the new one"])
    }

    @Test("whose predecessor dies in the middle is committed, as the history tells")
    func predecessorDies() throws {
        let broker = try start(environment: FaultMark.environment(.rolesGiven, passing: 1, in: scratch))
        let build = try OtherBuild(scratch)
        let result = try broker.belfry(["update", build.path])
        #expect(result.status == .exited(1) && result.errors.contains("belfry update --history"), "\(result.errors)")
        _ = try broker.program.wait()
        _ = try scratch.poll("the new belfryd") { (try? broker.follow()) != nil ? true : nil } as Bool
        try send(broker, "after")
        try recorder.wait(for: 1)
        let history: String = try scratch.poll("the history") {
            let told = try broker.belfry(["update", "--history"]).output
            return told.contains("committed") ? told : nil
        }
        #expect(history.contains("the belfryd that was to hand over died meanwhile"), "\(history)")
        try broker.stopAll(until: .after())
        try broker.expectNothingLeft()
    }

    @Test(
        "is refused while the disk is full",
        .enabled(if: SmallDisk.canBeMade, "only root can mount a small disk"))
    func fullDisk() throws {
        let disk = try SmallDisk(2_048, in: scratch)
        let broker = try Broker(scratch, services: services, executable: disk.belfryd())
        try disk.fill()
        let before = try broker.status()
        let result = try broker.belfry(["update", "--json", try OtherBuild(scratch).path])
        #expect(result.status == .exited(1))
        #expect(result.errors.contains("shadow: there is no room for a trial"), "\(result.errors)")
        #expect(try broker.status().pid == before.pid)
        try disk.empty()
        try broker.stop()
    }

    @Test("to another layout goes through the store: what waits is delivered by the new one")
    func throughStore() throws {
        let broker = try start()
        let build = try OtherBuild(scratch, ring: 77)
        #expect(try broker.belfry(["pause", "recorder"]).succeeded)
        try send(broker, "waiting")
        let before = try broker.status()
        let result = try broker.belfry(["update", "--through-store", "--json", build.path])
        #expect(result.succeeded, "\(result.output)\(result.errors)\n\(broker.program.errors)")
        #expect(steps(result.output) == ["staged", "shadow", "frozen", "committed"])
        try broker.follow()
        let after = try broker.status()
        #expect(after.pid != before.pid && after.address == before.address)
        try send(broker, "after")
        #expect(Set(try recorder.wait(for: 2).map(\.text)) == ["waiting", "after"])
        #expect(try broker.program.wait().status == .exited(0))
        try broker.stop()
    }

    @Test("through the store is refused while the settings file has faults, or names another state folder")
    func throughStoreWithFaults() throws {
        let broker = try start()
        let build = try OtherBuild(scratch, ring: 77)
        let before = try broker.status()
        let good = scratch.text("belfry.yaml")
        let elsewhere = good.replacing("directory: ", with: "directory: else")
        for (file, words) in [(good + "bogus: 1\n", "bogus: there is no such key"), (elsewhere, "is another folder")] {
            try scratch.write("belfry.yaml", file)
            let result = try broker.belfry(["update", "--through-store", "--json", build.path])
            #expect(result.status == .exited(1) && result.errors.contains(words), "\(result.errors)")
            #expect(steps(result.output) == ["staged"] && result.output.contains(#"{"verdict":"refused""#))
            #expect(try broker.status().pid == before.pid)
        }
        try scratch.write("belfry.yaml", good)
        #expect(try broker.belfry(["update", "--through-store", build.path]).succeeded, "\(broker.program.errors)")
        try broker.follow()
        try broker.stop()
    }

    @Test("through the store to one that does not come up starts the former one again, with what waits")
    func throughStoreFails() throws {
        let broker = try start(environment: FaultMark.environment(.followerStarted, passing: 1, in: scratch))
        let build = try OtherBuild(scratch, ring: 77)
        #expect(try broker.belfry(["pause", "recorder"]).succeeded)
        try send(broker, "waiting")
        let result = try broker.belfry(["update", "--through-store", "--json", build.path])
        #expect(result.status == .exited(1))
        #expect(
            result.errors.contains("the former one was started again"), "\(result.errors)\n\(broker.program.errors)")
        try broker.follow()
        #expect(try broker.belfry(["status"]).output.contains(Executables.builtBelfryd))
        try expectNextWorks(broker, try OtherBuild(scratch, "same"), sent: ["waiting"])
    }
}
