// SPDX-License-Identifier: Apache-2.0
/// Services that misbehave in every way that the design names: what they hold is retried or backs off as the policy says,
/// `status` shows why, and a well-behaved service beside them gets its messages as if they were not there.
/// Invariant of each test: nothing is lost; what is not delivered is pending or dropped for a reason in the ledger.

import LinuxIO
import Testing

@Suite("Services that misbehave")
struct ServiceTests {
    let scratch: Scratch
    let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("healthy", in: scratch)
    }

    private func start(_ command: String, mode: String, _ options: String...) throws -> Broker {
        let retry = "retry: { attempts: 3, backoff: 20ms, max-backoff: 100ms }"
        let lines = ["- name: sick", "  topics: [\">\"]", "  command: [\(command)]", "  mode: \(mode)", "  \(retry)"]
        let sick = (lines + options.map { "  " + $0 }).joined(separator: "\n")
        return try Broker(scratch, services: [sick, recorder.service()])
    }

    private func script(_ text: String) throws -> String {
        try scratch.write("sick.sh", "#!/bin/sh\n\(text)\n", executable: true)
    }

    private func send(_ broker: Broker, _ body: String = "hello") throws {
        let sent = try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", body])
        #expect(sent.succeeded, "\(sent.errors)")
        try recorder.wait(for: 1)
    }

    @Test("a command that is missing backs off, and status says why", arguments: ["exec", "stream"])
    func missingCommand(_ mode: String) throws {
        let broker = try start("\(scratch.path)/no-such-program", mode: mode)
        try send(broker)
        let sick = try broker.service("sick", "backing off") { $0.state == "backing-off" && $0.reason != nil }
        #expect(sick.reason!.contains("no such file"), "\(sick)")
        #expect(sick.until != nil)
        let ledger = try broker.ledger()
        #expect(ledger.services["sick"]?.pending == 1)
        try broker.stop()
    }

    @Test("a launch that failed is tried again by itself, and then delivers", arguments: ["exec", "stream"])
    func appearsLater(_ mode: String) throws {
        let path = scratch.file("sick.sh")
        let broker = try start(path, mode: mode)
        try send(broker)
        _ = try broker.service("sick", "backing off") { $0.state == "backing-off" }
        let loop = "while read -r line; do id=${line#'{\"id\":\"'}; echo \"ok ${id%%'\"'*}\"; done"
        _ = try script(mode == "exec" ? "exit 0" : loop)
        _ = try broker.ledger("delivery after all") { $0.services["sick"]?.delivered == 1 }
        try broker.stop()
    }

    @Test("a command that may not be executed backs off, and status says why")
    func notExecutable() throws {
        let path = try scratch.write("sick.sh", "#!/bin/sh\n")
        let broker = try start(path, mode: "exec")
        try send(broker)
        let sick = try broker.service("sick", "backing off") { $0.state == "backing-off" && $0.reason != nil }
        #expect(sick.reason!.contains("ermission denied"), "\(sick)")
        try broker.stop()
    }

    @Test("a stream service that dies at its start backs off, and its message stays pending")
    func diesAtStart() throws {
        let broker = try start(try script("exit 3"), mode: "stream")
        try send(broker)
        let sick = try broker.service("sick", "backing off") { $0.state == "backing-off" && $0.reason != nil }
        #expect(sick.reason!.contains("3"), "\(sick)")
        #expect(try broker.ledger().services["sick"]?.pending == 1)
        try broker.stop()
    }

    @Test("an exec service that exits 0 without reading its input has acked")
    func exitsWithoutReading() throws {
        let broker = try start(try script("exit 0"), mode: "exec")
        try send(broker, String(repeating: "x", count: 100_000))
        _ = try broker.ledger("delivery") { $0.services["sick"]?.delivered == 1 }
        try broker.stop()
    }

    @Test("exit 65 makes the message a dead letter at once, and it is not retried")
    func exit65() throws {
        let broker = try start(try script("echo x >>\(scratch.path)/tries; exit 65"), mode: "exec")
        try send(broker)
        let ledger = try broker.ledger("its death") { $0.services["sick"]?.dead == 1 }
        #expect(ledger.services["sick"]?.pending == 0)
        #expect(scratch.text("tries") == "x\n")
        try broker.stop()
    }

    @Test(
        "exit 75, any other exit and a signal are retried under a growing attempt",
        arguments: ["exit 75", "exit 1", "exit 126", "kill -9 $$"])
    func retried(_ ending: String) throws {
        let note = "echo $BELFRY_ATTEMPT >>\(scratch.path)/tries; [ $BELFRY_ATTEMPT = 3 ] && exit 0; \(ending)"
        let broker = try start(try script(note), mode: "exec")
        try send(broker)
        _ = try broker.ledger("delivery at the third attempt") { $0.services["sick"]?.delivered == 1 }
        #expect(scratch.text("tries") == "1\n2\n3\n")
        #expect(try broker.status()[service: "sick"]?.retried == 2)
        try broker.stop()
    }

    @Test("a message whose attempts are used up is a dead letter")
    func attemptsUsedUp() throws {
        let broker = try start(try script("echo $BELFRY_ATTEMPT >>\(scratch.path)/tries; exit 1"), mode: "exec")
        try send(broker)
        let ledger = try broker.ledger("its death") { $0.services["sick"]?.dead == 1 }
        #expect(ledger.services["sick"]?.pending == 0)
        #expect(scratch.text("tries") == "1\n2\n3\n")
        try broker.stop()
    }

    @Test(
        "garbage for an ack, and acks for what it does not hold, change nothing",
        arguments: ["what is this", "ok 0000000000000000-1-1", "ok", "fail"])
    func garbage(_ answer: String) throws {
        let text = """
            while read -r line; do
                id=${line#'{"id":"'}; id=${id%%'"'*}
                echo '\(answer)'
                echo "ok $id"
            done
            """
        let broker = try start(try script(text), mode: "stream")
        try send(broker)
        _ = try broker.ledger("delivery all the same") { $0.services["sick"]?.delivered == 1 }
        try broker.stop()
    }

    @Test("a stream service that never acks is timed out, and the message tried again until it is a dead letter")
    func neverAcks() throws {
        let note = "while read -r line; do printf '%s\\n' \"$line\" >>\(scratch.path)/tries; done"
        let broker = try start(try script(note), mode: "stream", "ack-timeout: 200ms")
        try send(broker)
        _ = try broker.ledger("a dead letter") { $0.services["sick"]?.dead == 1 }
        let tries = scratch.text("tries").split(separator: "\n")
        #expect(tries.count == 3 && tries[1].contains(#""attempt":2"#), "\(tries)")
        try broker.stop()
    }

    @Test("an exec process that takes longer than its ack time-out is ended and the message tried again")
    func hangs() throws {
        let note = "echo $BELFRY_ATTEMPT >>\(scratch.path)/tries; [ $BELFRY_ATTEMPT = 1 ] && exec sleep 1000; exit 0"
        let broker = try start(try script(note), mode: "exec", "ack-timeout: 300ms")
        try send(broker)
        _ = try broker.ledger("delivery at the second attempt") { $0.services["sick"]?.delivered == 1 }
        try broker.stop()
    }

    @Test("fail ID dead makes a dead letter, fail ID retry tries again")
    func streamFails() throws {
        let text = """
            while read -r line; do
                id=${line#'{"id":"'}; id=${id%%'"'*}
                case $line in
                *poison*) echo "fail $id dead no good" ;;
                *'"attempt":1'*) echo "fail $id retry not yet" ;;
                *) echo "ok $id" ;;
                esac
            done
            """
        let broker = try start(try script(text), mode: "stream")
        try send(broker, "poison")
        try send(broker, "fine")
        let ledger = try broker.ledger("both settled") { $0.services["sick"]?.pending == 0 }
        #expect(ledger.services["sick"]?.dead == 1)
        #expect(ledger.services["sick"]?.delivered == 1)
        try broker.stop()
    }

    @Test("a service that is blocked delays another with the same topics by nothing")
    func fanOut() throws {
        let broker = try start(try script("exec sleep 1000"), mode: "stream", "in-flight: 8", "ack-timeout: 10m")
        let lines = (1...2_000).map { "line \($0)" }
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", "--lines", "-"]
        #expect(try broker.belfry(to, input: lines.joined(separator: "\n") + "\n").succeeded)
        #expect(try recorder.wait(for: 2_000).map(\.text) == lines)
        let ledger = try broker.ledger("all acked") { $0.services["healthy"]?.delivered == 2_000 }
        #expect(ledger.services["sick"]?.pending == 2_000)
        #expect(ledger.services["sick"]!.inFlight <= 8)
        try broker.stop()
    }

    @Test("an idle stream service is stopped, and started again by the next message")
    func idle() throws {
        let quick = try Recorder.stream("quick", in: scratch)
        let broker = try Broker(scratch, services: [quick.service("\">\"", "idle-timeout: 300ms")])
        try Client.udp(broker.port).send("one")
        let first = try quick.wait(for: 1)[0].process
        _ = try broker.service("quick", "stopped") { $0.state == "stopped" && $0.instances == 0 }
        try Client.udp(broker.port).send("two")
        #expect(try quick.wait(for: 2)[1].process != first)
        try broker.stop()
    }

    @Test("a service finds none of Belfry's descriptors and nothing of its environment but PATH and LANG")
    func cleanEnvironment() throws {
        let text =
            "env >\(scratch.path)/env.new; ls -l /proc/self/fd >\(scratch.path)/fds; mv \(scratch.path)/env.new \(scratch.path)/env"
        let one = "- name: one\n  topics: [\">\"]\n  command: [\(try script(text))]\n  mode: exec"
        let broker = try Broker(scratch, services: [one], environment: ["SECRET=swordfish", "HOME=/root"])
        try Client.udp(broker.port).send("hello")
        _ = try scratch.wait("the environment") { scratch.exists("env") ? true : nil } as Bool
        let names = scratch.text("env").split(separator: "\n").map { String($0.prefix { $0 != "=" }) }
        let foreign = Set(names.filter { !$0.hasPrefix("BELFRY_") }).subtracting([
            "PATH", "LANG", "PWD", "SHLVL", "_", "OLDPWD",
        ])
        #expect(foreign.isEmpty, "\(foreign)")
        #expect(!scratch.text("fds").contains("memfd"), "\(scratch.text("fds"))")
        #expect(!scratch.text("fds").contains("eventpoll"), "\(scratch.text("fds"))")
        try broker.stop()
    }

    @Test("a service runs as the user of its settings, with that user's groups", .enabled(if: CurrentProcess.user == 0))
    func otherUser() throws {
        let open = try scratch.write("who", "")
        try scratch.run("chmod", ["666", open])
        let text = "id -un >'\(open)'; grep -E '^Groups|^Cap(Prm|Eff)' /proc/self/status >>'\(open)'"
        let one = "- name: one\n  topics: [\">\"]\n  command: [\(try script(text))]\n  mode: exec\n  user: nobody"
        let broker = try Broker(scratch, services: [one])
        try Client.udp(broker.port).send("hello")
        _ = try broker.ledger("delivered") { $0.services["one"]?.delivered == 1 }
        let lines = scratch.text("who").split(separator: "\n")
        #expect(lines.first == "nobody")
        #expect(lines.filter { $0.hasPrefix("Cap") }.allSatisfy { $0.hasSuffix("0000000000000000") }, "\(lines)")
        #expect(lines.first { $0.hasPrefix("Groups") }?.contains(" 0 ") == false, "\(lines)")
        try broker.stop()
    }
}
