// SPDX-License-Identifier: Apache-2.0
/// How `belfry tail` begins and ends, with a reader that goes or stands still, on a terminal, for whom it may not serve,
/// and what the descriptor is good for that it gets.
/// Invariant of each test: the tail ends with the documented status and words, and leaves nothing behind.

import Foundation
import Glibc
import LinuxIO
import Testing

@Suite("The end of a tail")
struct TailEndTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func send(_ broker: Broker, _ lines: [String]) throws {
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test", "--lines"]
        let sent = try broker.belfry(to, input: lines.map { $0 + "\n" }.joined())
        #expect(sent.succeeded, "\(sent.errors)")
    }

    /// A command of the shell in which `tail` stands for this broker's, once its output holds `mark`.
    private func shell(_ broker: Broker, _ script: String, until mark: String?) throws -> Program {
        let tail = "'\(Executables.belfry)' --control '\(broker.control)' tail"
        let program = try Program(
            "sh", ["-c", script.replacingOccurrences(of: "TAIL", with: tail)], in: scratch, environment: ["TERM=xterm"])
        guard let mark else { return program }
        _ =
            try scratch.wait(mark, alongside: program) {
                program.output.contains(mark) ? true : program.hasEnded ? false : nil
            } as Bool
        #expect(program.output.contains(mark), "\(program.output)\(program.errors)")
        return program
    }

    @Test("the end of the broker is told, after all that it had", arguments: [Signal.terminate, Signal.kill])
    func brokerEnds(_ signal: CInt) throws {
        let broker = try Broker(scratch, services: [])
        try send(broker, ["before"])
        let program = try shell(broker, "exec TAIL --since 1", until: "before")
        try Client.udp(broker.port).send("the last words")
        _ = try broker.ledger("the datagram's intake") { $0.intake.published == 2 }
        broker.program.signal(signal)
        let result = try program.wait()
        #expect(result.status == .exited(1))
        #expect(result.output.hasSuffix("  the last words\n"))
        #expect(result.errors == "belfry: belfryd has ended\n")
        try broker.program.wait()
    }

    @Test("a broker that was started anew in the meantime is not taken for the one that has ended")
    func anotherBroker() throws {
        let program: Program
        do {
            let broker = try Broker(scratch, services: [])
            try send(broker, ["before"])
            program = try shell(broker, "exec TAIL --since 1", until: "before")
            program.signal(Signal.stop)
            broker.program.signal(Signal.kill)
            try broker.program.wait()
        }
        let next = try Broker(scratch, services: [])
        program.signal(Signal.resume)
        #expect(try program.wait().errors == "belfry: belfryd has ended\n")
        try next.stop()
    }

    @Test("a restart of the broker does not end it, and it shows what comes behind that, once")
    func overRestarts() throws {
        let broker = try Broker(scratch, services: [])
        try send(broker, ["before"])
        let program = try shell(broker, "exec TAIL --since 1", until: "before")
        for body in ["one", "two"] {
            let former = broker.supervisor
            #expect(try broker.restart().succeeded)
            _ = try scratch.poll("the end of the broker before") {
                Directory.names("/proc/\(former)/fd").isEmpty ? true : nil
            }
            try send(broker, [body])
            _ = try scratch.poll(body) { program.output.contains("  \(body)\n") ? true : nil }
        }
        try broker.stop()
        let result = try program.wait()
        let bodies = result.output.split(separator: "\n").map { String($0.split(separator: " ").last ?? "") }
        #expect(bodies == ["before", "one", "two"])
        #expect(result.status == .exited(1) && result.errors == "belfry: belfryd has ended\n")
    }

    @Test(
        "SIGINT and SIGTERM end it with 0, but not before --count is reached",
        arguments: [Signal.interrupt, Signal.terminate])
    func signals(_ signal: CInt) throws {
        let broker = try Broker(scratch, services: [])
        try send(broker, ["one"])
        let endless = try shell(broker, "exec TAIL --since 1", until: "one")
        endless.signal(signal)
        #expect(try endless.wait().succeeded)
        let counting = try shell(broker, "exec TAIL --since 1 --count 2", until: "one")
        counting.signal(signal)
        let result = try counting.wait()
        #expect(result.status == .exited(1))
        #expect(result.errors == "belfry: interrupted after 1 of 2 notifications\n")
        try broker.stop()
    }

    @Test("a reader that has gone ends it without a word, though nothing more comes")
    func readerGoes() throws {
        let broker = try Broker(scratch, services: [])
        try send(broker, ["one", "two"])
        let result = try shell(broker, "TAIL --since 1 | head -n 1", until: nil).wait()
        #expect(result.succeeded && result.output.hasSuffix("  one\n") && result.errors.isEmpty, "\(result)")
        try broker.stop()
    }

    @Test("a reader that stands still does not keep it from its end")
    func readerStandsStill() throws {
        let broker = try Broker(scratch, services: [])
        try send(broker, [String](repeating: String(repeating: "x", count: 1_000), count: 200))
        let pipe = try Descriptor.pipe()
        let nothing = try Descriptor.pipe()
        let process = try LaunchPlan(
            LaunchRequest(
                path: Executables.belfry, arguments: ["belfry", "--control", broker.control, "tail", "--since", "1"],
                environment: [],
                descriptors: [(nothing.reading.raw, 0), (pipe.writing.raw, 1), (nothing.writing.raw, 2)])
        ).launch()
        // Nobody reads: the pipe fills up.
        _ =
            try scratch.poll("a full pipe") {
                let poller = try Poller(capacity: 1)
                try poller.add(pipe.writing.raw, token: 0, events: .writable)
                return try poller.wait(timeoutNanoseconds: 0) == 0 ? true : nil
            } as Bool
        process.send(Signal.terminate)
        #expect(try Deadline.after().wait(on: process.raw))
        #expect(process.reap() == .exited(0))
        try broker.stop()
    }

    @Test("in a terminal a line is as wide as that and has colours; not with NO_COLOR, and not in a file")
    func terminal() throws {
        let broker = try Broker(scratch, services: [])
        try send(broker, [String(repeating: "x", count: 200) + "end"])
        func line(_ arguments: [String] = [], _ environment: [String] = []) throws -> Substring {
            let tail = ["--control", broker.control, "tail", "--since", "1", "--count", "1"]
            let result = try Window.run(scratch, tail + arguments, columns: 70, environment: environment)
            let lines = result.output.split(separator: "\n")
            #expect(result.succeeded && lines.count == 1, "\(result)")
            return lines.first ?? ""
        }
        let coloured = try line()
        #expect(coloured.contains("\u{1B}[36mtest\u{1B}[0m"))
        let plain = try line([], ["NO_COLOR=1"])
        #expect(plain.count == 70 && plain.hasSuffix("x…") && !plain.contains("\u{1B}"))
        #expect(coloured.replacing(/\u{1B}\[\d+m/, with: "") == plain)
        #expect(try line(["--full", "--color=never"]).hasSuffix("xend"))
        #expect(try broker.belfry(["tail", "--since", "1", "--count", "1"]).output.hasSuffix("xend\n"))
        try broker.stop()
    }

    @Test("a user who may not read notifications is refused", .enabled(if: CurrentProcess.user == 0))
    func refused() throws {
        let broker = try Broker(scratch, services: [])
        // As if the operator had opened the socket's file to more users.
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: broker.control)
        let result = try scratch.run(
            "setpriv",
            [
                "--reuid=65534", "--regid=65534", "--clear-groups", Executables.belfry, "--control", broker.control,
                "tail",
            ])
        #expect(result.status == .exited(1) && result.output.isEmpty)
        #expect(result.errors.hasPrefix("belfry: user 65534 may not read notifications; ask as root, as"))
        try broker.stop()
    }

    @Test("the descriptor that it gets can neither be mapped writable, nor written to, nor shrunk")
    func readOnly() throws {
        let broker = try Broker(scratch, services: [])
        let socket = try Sockets.unixConnect(broker.control)
        try File.write(socket.raw, Array("tail\n".utf8).span)
        var answer = [UInt8](repeating: 0, count: 64)
        guard let ring = Self.descriptor(in: SeqPacketChannel.receive(from: socket.raw, into: &answer)) else {
            Issue.record("no descriptor came")
            return
        }
        let raw = ring.raw
        #expect(answer.starts(with: "ok\n".utf8))
        #expect(throws: SystemCallError(call: "mmap", code: EACCES)) {
            _ = try MemoryFile.map(raw, writable: true).count
        }
        #expect(throws: SystemCallError(call: "write", code: EBADF)) { try File.write(raw, [1].span) }
        #expect(ftruncate(raw, 0) == -1)
        #expect(MemoryFile.isSizeSealed(raw))
        try broker.stop()
    }

    private static func descriptor(in packet: consuming PacketResult) -> Descriptor? {
        if case .packet(_, let passed) = packet { return passed }
        return nil
    }
}
