// SPDX-License-Identifier: Apache-2.0
/// `belfry services`, `pause`, `resume`, `retry` and `drain --wait`, against a real broker with real services.
/// Invariant of each test: nothing is lost by being paused or hurried; what an operator is told can be read elsewhere, too.

import LinuxIO
import Testing

@Suite("An operator")
struct ServicesTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func service(_ name: String, _ script: String, mode: String = "exec", _ options: String...) throws -> String
    {
        let path = try scratch.write("\(name).sh", "#!/bin/sh\n\(script)\n", executable: true)
        return
            (["- name: \(name)", "  topics: [\">\"]", "  command: [\(path)]", "  mode: \(mode)"]
            + options.map { "  " + $0 }).joined(separator: "\n")
    }

    private func send(_ broker: Broker, _ bodies: [String]) throws {
        let sent = try broker.belfry(
            ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "t.x", "--lines", "-"],
            input: bodies.map { $0 + "\n" }.joined())
        #expect(sent.succeeded, "\(sent.errors)")
    }

    @Test("reads why a service fails, in words, and how long it takes")
    func failures() throws {
        let broker = try Broker(
            scratch,
            services: [
                try service("failing", "exit 7", "retry: { backoff: 1h, max-backoff: 1h }"),
                try service("slow", "sleep 0.2", "concurrency: 2"),
            ])
        try send(broker, (1...6).map { "\($0)" })
        let failing = try broker.details("failing", "six failures") { $0.failures.first?.count == 6 }
        #expect(failing.failures.map(\.words) == ["ended with exit 7"] && failing.backingOff == 6)
        #expect(failing.oldest != nil && failing.workers.count == 1 && failing.state == "backing-off")
        let slow = try broker.details("slow", "six deliveries") { $0.delivered == 6 }
        #expect(slow.launches == 6 && slow.launchTime.count == 6 && slow.runTime.count == 6 && slow.failures.isEmpty)
        // Wrong by less than half of itself, and never shorter than the service sleeps.
        #expect(try #require(slow.runTime.p50) > 133_000_000 && slow.oldest == nil)
        #expect(try #require(slow.runTime.p50) <= #require(slow.runTime.p99))
        #expect(try #require(slow.launchTime.p50) > 8_000 && #require(slow.launchTime.p99) < 10_000_000_000)
        let text = try broker.belfry(["services", "fail*"]).output
        #expect(text.contains("×6  ended with exit 7") && !text.contains("slow"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
        try broker.stop()
    }

    @Test("pauses a service while others go on, over the death of its worker, and resumes it with all in order")
    func pause() throws {
        let paused = try Recorder.stream("paused", in: scratch)
        let other = try Recorder.stream("other", in: scratch)
        let broker = try Broker(
            scratch, services: [paused.service("\">\"", "order: all"), other.service()],
            settings: "workers: { count: 1 }")
        try send(broker, ["1"])
        try paused.wait(for: 1)
        #expect(try broker.belfry(["pause", "paused"]).output == "paused paused: 0 wait for it\n")
        try send(broker, (2...5).map { "\($0)" })
        try other.wait(for: 5)
        let worker = try #require(try broker.status().workers.first?.pid)
        kill(worker)
        _ = try scratch.poll("another worker") {
            try broker.status().workers.first?.pid.map { $0 != worker } == true ? true : nil
        }
        try send(broker, (6...9).map { "\($0)" })
        try other.wait(for: 9)
        let details = try broker.details("paused", "all waiting") { $0.waiting + $0.backingOff == 8 }
        #expect(details.state == "paused" && details.paused && details.oldest != nil)
        let status = try broker.status()
        #expect(status[service: "paused"]?.reason?.contains("paused by an operator") == true)
        #expect(status.ring.heldBy == "paused" && status.ring.records == 8)
        #expect(try paused.deliveries().map(\.text) == ["1"])
        #expect(try broker.belfry(["resume", "paused"]).output == "resumed paused: 8 wait for it\n")
        #expect(try paused.wait(for: 9).map(\.text) == (1...9).map { "\($0)" })
        try broker.stop()
    }

    @Test("pauses a service over reloads that rename it, replace its slot and remove it")
    func pauseOverReload() throws {
        let (paused, other) = (try Recorder.stream("paused", in: scratch), try Recorder.stream("other", in: scratch))
        let broker = try Broker(scratch, services: [paused.service("\">\"", "order: all"), other.service()])
        try send(broker, ["0"])
        try paused.wait(for: 1)
        #expect(try broker.belfry(["pause", "paused"]).succeeded)
        try send(broker, ["1", "2"])
        let renamed = paused.service("\">\"", "renamed-from: paused", "order: source", "instances: 2")
            .replacing("name: paused", with: "name: renamed")
        try reload(broker, [renamed, other.service()])
        try send(broker, ["3", "4"])
        try reload(broker, [other.service()])
        #expect(try broker.belfry(["workers", "3"]).succeeded)
        try send(broker, ["5"])
        try other.wait(for: 6)
        let details = try broker.details("renamed", "four that wait") { $0.waiting == 4 }
        #expect(details.state == "paused" && details.retiring && details.launches == 1)
        #expect(try paused.deliveries().map(\.text) == ["0"])
        #expect(try broker.belfry(["resume", "renamed"]).output == "resumed renamed: 4 wait for it\n")
        #expect(try paused.wait(for: 5).map(\.text) == (0...4).map { "\($0)" })
        _ = try scratch.poll("the end of what was removed") {
            try Services(asking: broker)["renamed"] == nil ? true : nil
        }
        // A service that takes the name later is another one.
        try reload(broker, [other.service(), paused.service().replacing("name: paused", with: "name: renamed")])
        #expect(try Services(asking: broker)["renamed"]?.paused == false)
        try broker.stop()
    }

    private func reload(_ broker: Broker, _ services: [String]) throws {
        _ = try Broker.configure(scratch, services, "number: 0")
        let reloaded = try broker.belfry(["reload"])
        #expect(reloaded.succeeded, "\(reloaded)")
    }

    @Test("has a service that was mended tried at once instead of after an hour", arguments: ["exec", "stream"])
    func retry(mode: String) throws {
        let go = scratch.file("go")
        let loop = "while IFS= read -r line; do id=${line#*'\"id\":\"'}; id=${id%%'\"'*}"
        let script =
            mode == "exec" ? "[ -e \(go) ]" : "\(loop); if [ -e \(go) ]; then echo ok $id; else echo fail $id; fi; done"
        let broker = try Broker(
            scratch, services: [try service("mended", script, mode: mode, "retry: { backoff: 1h, max-backoff: 1h }")])
        try send(broker, ["1", "2", "3"])
        _ = try broker.details("mended", "backing off") { $0.backingOff == 3 && $0.inFlight == 0 }
        try scratch.write("go", "")
        #expect(try broker.belfry(["retry", "mended"]).output == "retrying mended: 3 that backed off\n")
        _ = try broker.ledger("delivered") { $0.services["mended"]?.delivered == 3 }
        let again = try broker.belfry(["retry", "--all"])
        #expect(again.succeeded && again.output == "unchanged mended: nothing backs off\n")
        try broker.stop()
    }

    @Test("has a command that was installed late launched at once")
    func retryLaunch() throws {
        let path = scratch.file("late.sh")
        let broker = try Broker(
            scratch, services: ["- name: late\n  topics: [\">\"]\n  command: [\(path)]\n  retry: { max-backoff: 1h }"])
        try send(broker, ["1"])
        // The back-off doubles from a second on: by the sixth it is longer than a test waits.
        for count in 1...6 {
            _ = try broker.details("late", "launch failure \(count)") { $0.launchFailures >= count }
            if count < 6 { _ = try broker.belfry(["retry", "late"]) }
        }
        let late = try broker.details("late", "why") { !$0.failures.isEmpty }
        #expect(late.failures.first?.words == "command \(path): no such file or directory")
        try scratch.write("late.sh", "#!/bin/sh\n", executable: true)
        #expect(try broker.belfry(["retry", "late"]).succeeded)
        _ = try broker.ledger("delivered") { $0.services["late"]?.delivered == 1 }
        try broker.stop()
    }

    @Test("is told of a name that does not exist, of what is so already, and changes nothing by it")
    func names() throws {
        let broker = try Broker(
            scratch, services: [try service("archive", "exit 0"), try service("on-call", "exit 0")])
        for verb in ["pause", "resume", "retry"] {
            let unknown = try broker.belfry([verb, "on-call", "archiv"])
            #expect(unknown.status == .exited(1))
            #expect(unknown.errors == "belfry: there is no service \"archiv\"; archive would be right\n")
        }
        #expect(try Services(asking: broker).services.allSatisfy { !$0.paused })
        #expect(try broker.belfry(["services", "xyz"]).errors.contains("archive, on-call"))
        for expected in [
            "paused archive: 0 wait for it\npaused on-call: 0 wait for it\n", "unchanged archive: is paused",
        ] {
            let result = try broker.belfry(["pause", "--all"])
            #expect(result.succeeded && result.output.hasPrefix(expected))
        }
        #expect(try Services(asking: broker).services.allSatisfy(\.paused))
        #expect(try broker.belfry(["resume", "--all"]).succeeded)
        let unpaused = try broker.belfry(["resume", "archive"])
        #expect(unpaused.succeeded && unpaused.output == "unchanged archive: is not paused\n")
        try broker.stop()
    }

    @Test("drains and waits until belfryd has ended, without waiting for what is paused")
    func drain() throws {
        let broker = try Broker(
            scratch, services: [try service("paused", "exit 0")], settings: "shutdown: { grace: 1h }")
        _ = try broker.belfry(["pause", "paused"])
        try send(broker, ["1"])
        let drained = try broker.belfry(["drain", "--wait"])
        #expect(drained.succeeded, "\(drained.errors)")
        #expect(try broker.program.wait(until: .after(.seconds(5))).status == .exited(0))
        #expect(
            broker.program.errors.contains("service paused is paused: 1 that wait for it are kept for the next start"))
    }

    private func kill(_ pid: CInt) {
        guard let process = try? ProcessDescriptor(pid: pid) else { return }
        process.send(Signal.kill)
    }
}
