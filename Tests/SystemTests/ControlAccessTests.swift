// SPDX-License-Identifier: Apache-2.0
/// Who may ask belfryd for what: other users on the socket, and telnet clients with and without the token.
/// Invariant of each test: whoever is refused changes nothing and reads nothing, and is told who may.

import Foundation
import LinuxIO
import Testing

@Suite("Access to the control socket", .enabled(if: CurrentProcess.user == 0))
struct ControlAccessTests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.file(""))
    }

    private func ask(_ broker: Broker, as user: Int, _ groups: String, _ request: String...) throws -> Program.Result {
        try scratch.run(
            "setpriv",
            ["--reuid=\(user)", "--regid=\(user)", groups, Executables.belfry, "--control", broker.control] + request)
    }

    @Test("users and groups that the settings name may do what they are named for, and nothing else")
    func named() throws {
        let broker = try Broker(
            scratch, services: [],
            controlOptions: ", change: { users: [65534], groups: [4711] }, bodies: { groups: [4712] }")
        #expect(try ask(broker, as: 65_534, "--clear-groups", "workers", "1").succeeded)
        #expect(try ask(broker, as: 1234, "--groups=7,4711", "reload").succeeded)
        let state = try ask(broker, as: 65_534, "--clear-groups", "status")
        #expect(state.status == .exited(1) && state.errors.contains("user 65534 may not read the state; "), "\(state)")
        let bodies = try ask(broker, as: 65_534, "--clear-groups", "tail")
        #expect(bodies.status == .exited(1) && bodies.errors.contains("may not read notifications; "), "\(bodies)")
        let shown = try ask(broker, as: 1234, "--groups=4712", "dead", "show", "7")
        #expect(shown.errors.contains("there is no dead letter \"7\""), "\(shown)")
        let change = try ask(broker, as: 1234, "--groups=4712", "restart")
        #expect(change.status == .exited(1) && change.errors.contains("control.change in the settings names"))
        // What it has to say is not even read.
        let garbage = try ask(broker, as: 1234, "--groups=4712", "update", "/no/such/file")
        #expect(garbage.errors == change.errors)
        try broker.stop()
    }

    @Test("a reload changes who may, and who may connect")
    func reloaded() throws {
        let broker = try Broker(scratch, services: [])
        let refused = try ask(broker, as: 65_534, "--clear-groups", "drain")
        #expect(refused.status == .exited(1) && refused.errors.contains("permission denied"), "\(refused)")
        let answer = try broker.reload(services: [], controlOptions: ", read: { users: [65534] }")
        #expect(answer.lines == ["control.read: as usual -> users [65534], groups []"], "\(answer)")
        #expect(try ask(broker, as: 65_534, "--clear-groups", "status").succeeded)
        #expect(try broker.reload(services: []).succeeded)
        #expect(try ask(broker, as: 65_534, "--clear-groups", "status").errors.contains("permission denied"))
        try broker.stop()
    }

    @Test("a telnet client without a token reads the state alone")
    func telnet() throws {
        let broker = try Broker(scratch, services: [], controlOptions: ", telnet: 127.0.0.1:0")
        let telnet = try Telnet(broker)
        #expect(try telnet.answer(until: "belfry> ") == "belfryd; help tells what can be asked\n")
        #expect(try telnet.ask("status").contains("generation"))
        #expect(try telnet.ask("dead list").hasSuffix("\nok\n"))
        #expect(try telnet.ask("drain").hasPrefix("error: without a token telnet may read the state alone; "))
        try telnet.send("quit")
        #expect(try telnet.answer(until: nil) == "ok\n")
        try broker.stop()
    }

    @Test("a telnet client shows the token before anything else; wrong ones are slowed, noted and audited")
    func token() throws {
        let file = try scratch.write("token", "0123456789abcdef\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let broker = try Broker(scratch, services: [], controlOptions: ", telnet: 127.0.0.1:0, token-file: \(file)")
        let telnet = try Telnet(broker)
        #expect(try telnet.answer(until: "token: ").hasPrefix("belfryd; "))
        try telnet.send("status")
        #expect(try telnet.answer(until: "token: ").hasPrefix("error: that is not the token\n"))
        try telnet.send("0123456789abcdef")
        #expect(try telnet.answer(until: "belfry> ").hasSuffix("\nok\n"))
        #expect(try telnet.ask("workers 1").contains("workers.count"))
        #expect(try telnet.ask("tail").hasPrefix("error: tail gives out a descriptor"))
        let incidents = try telnet.ask("incidents kind=login")
        #expect(incidents.contains("wrong token from 127.0.0.1"), "\(incidents)")
        try broker.stop()
        let select = "import sqlite3, sys; print(list(sqlite3.connect(sys.argv[1]).execute('SELECT * FROM audit')))"
        let store = try scratch.run("python3", ["-c", select, scratch.file("state/store.sqlite")])
        #expect(store.output.contains(#/'telnet 127\.0\.0\.1:\d+', 'login refused'/#), "\(store)")
        #expect(store.output.contains(#/'telnet 127\.0\.0\.1:\d+', 'workers 1'/#), "\(store)")
    }

    @Test("belfryd does not start with a token that others can read")
    func readable() throws {
        let file = try scratch.write("token", "0123456789abcdef\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        do {
            _ = try Broker(scratch, services: [], controlOptions: ", telnet: 127.0.0.1:0, token-file: \(file)")
            Issue.record("it started")
        } catch let error as Broker.DidNotStart {
            #expect(error.errors.contains("control.token-file \(file): others may read or replace it; "))
        }
    }
}

/// A telnet client that says nothing but lines.
private final class Telnet {
    private let socket: Descriptor
    private var bytes: [UInt8] = []

    init(_ broker: Broker) throws {
        let line = try #require(broker.program.errors.firstMatch(of: #/, telnet 127\.0\.0\.1:(\d+)/#))
        let port = try #require(UInt16(line.1))
        socket = try Sockets.tcpConnect(try #require(SocketAddress(numeric: "127.0.0.1", port: port)))
    }

    func send(_ line: String) throws { try File.write(socket.raw, Array((line + "\r\n").utf8).span) }

    func ask(_ line: String) throws -> String {
        try send(line)
        return try answer(until: "belfry> ")
    }

    /// What comes until the prompt, or until the end, with plain newlines and without what telnets say to each other.
    func answer(until prompt: String?) throws -> String {
        let deadline = Deadline.after()
        let end = prompt.map { Array($0.utf8) }
        while end == nil || !bytes.suffix(end?.count ?? 0).elementsEqual(end ?? []) {
            guard try deadline.wait(on: socket.raw) else { throw TimedOut("\(prompt ?? "the end") by telnet") }
            let buffer = ByteBuffer(limit: 1 << 16)
            guard case .bytes = buffer.receive(from: socket.raw) else { break }
            buffer.withReadable { span in for index in span.indices { bytes.append(span[index]) } }
        }
        defer { bytes = [] }
        let text = bytes.dropLast(end?.count ?? 0).filter { $0 < 0x80 && ($0 >= 0x20 || $0 == 0x0A) }
        return String(decoding: text, as: UTF8.self)
    }
}
