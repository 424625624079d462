// SPDX-License-Identifier: Apache-2.0
/// The control socket's server end: stale and live paths, whole and broken lines, bounds.

import Control
import LinuxIO
import Reactor
import Testing

@testable import Supervision

@Suite("Control server")
struct ControlServerTests {
    @Test("a line is answered, and the next one, too")
    func answers() throws {
        let bench = try ControlBench()
        try bench.server.open(bench.loop)
        let client = try Sockets.unixConnect(bench.path)
        try send("one\n", to: client)
        #expect(try bench.answer(to: client) == "<one>\n")
        try send("tw", to: client)
        try bench.turn()
        try send("o\n", to: client)
        #expect(try bench.answer(to: client) == "<two>\n")
    }

    @Test("an endless line is answered once and the connection closed")
    func endless() throws {
        let bench = try ControlBench()
        try bench.server.open(bench.loop)
        let client = try Sockets.unixConnect(bench.path)
        try send(String(repeating: "x", count: ControlRequest.maximumCount + 2), to: client)
        #expect(try bench.answer(to: client).hasPrefix("<xxx"))
        #expect(try (0..<9).map { _ in try bench.answer(to: client) }.last == "")
    }

    @Test("with every place taken, the client that was silent for longest makes room")
    func bounded() throws {
        let bench = try ControlBench()
        try bench.server.open(bench.loop)
        let first = try Sockets.unixConnect(bench.path)
        try bench.turn()
        var rest: [Holder] = []
        for _ in 1..<ControlServer.clients {
            rest.append(Holder(try Sockets.unixConnect(bench.path)))
            try bench.turn()
        }
        // Everybody but the first has spoken.
        for holder in rest {
            try send("hello\n", to: holder.descriptor)
            #expect(try bench.answer(to: holder.descriptor) == "<hello>\n")
        }
        let late = try Sockets.unixConnect(bench.path)
        try send("late\n", to: late)
        #expect(try bench.answer(to: late) == "<late>\n")
        #expect(try bench.answer(to: first) == "")
    }

    @Test("out of descriptors, the client that was silent for longest makes room")
    func exhausted() throws {
        var isExhausted = false
        let bench = try ControlBench { raw in
            defer { isExhausted = false }
            return isExhausted ? .exhausted(24) : Sockets.accept(raw)
        }
        try bench.server.open(bench.loop)
        let first = try Sockets.unixConnect(bench.path)
        try bench.turn()
        isExhausted = true
        let late = try Sockets.unixConnect(bench.path)
        try send("late\n", to: late)
        #expect(try bench.answer(to: late) == "<late>\n")
        #expect(try bench.answer(to: first) == "")
    }

    @Test("out of descriptors with no client to let go, listening rests until there are some again")
    func pauses() throws {
        var isExhausted = true
        let bench = try ControlBench { isExhausted ? .exhausted(24) : Sockets.accept($0) }
        try bench.server.open(bench.loop)
        let client = try Sockets.unixConnect(bench.path)
        try send("hello\n", to: client)
        try bench.turn()
        bench.isAccepting = false
        try bench.loop.wait(blocking: false)
        #expect(bench.loop.nextEvent() == nil)
        isExhausted = false
        #expect(try bench.answer(to: client) == "<hello>\n")
    }

    @Test("a descriptor goes along with the answer's first byte")
    func descriptor() throws {
        let bench = try ControlBench()
        try bench.server.open(bench.loop)
        let client = try Sockets.unixConnect(bench.path)
        try send("file\n", to: client)
        while bench.served.isEmpty { try bench.turn() }
        var buffer = [UInt8](repeating: 0, count: 64)
        switch SeqPacketChannel(owning: try client.duplicate()).receive(into: &buffer) {
        case .packet(let count, let passed):
            let hasCome = passed != nil
            #expect(hasCome && String(decoding: buffer[..<count], as: UTF8.self) == "<file>\n")
        default: Issue.record("nothing came")
        }
    }

    @Test("a client that was given a descriptor makes no room for one that was not")
    func looksOn() throws {
        let bench = try ControlBench()
        try bench.server.open(bench.loop)
        let first = try Sockets.unixConnect(bench.path)
        try send("file\n", to: first)
        _ = try bench.answer(to: first)
        var rest: [Holder] = []
        for _ in 0...ControlServer.clients {
            rest.append(Holder(try Sockets.unixConnect(bench.path)))
            try bench.turn()
        }
        try send("still here\n", to: first)
        #expect(try bench.answer(to: first) == "<still here>\n")
    }

    @Test("a client that sends many requests at once takes turns with the others")
    func turns() throws {
        let bench = try ControlBench()
        try bench.server.open(bench.loop)
        let greedy = try Sockets.unixConnect(bench.path)
        let modest = try Sockets.unixConnect(bench.path)
        try send(String(repeating: "g\n", count: 40), to: greedy)
        try send("m\n", to: modest)
        while !bench.served.contains("m") { try bench.turn() }
        #expect(bench.served.count { $0 == "g" } <= 2 * ControlSession.turn)
        while bench.served.count < 41 { try bench.turn() }
    }

    @Test("a socket file that a dead instance left is replaced")
    func stale() throws {
        let bench = try ControlBench()
        try Directory.make("\(bench.folder)/run")
        do { _ = try Sockets.unixListen(bench.path) }
        #expect(File.isSocket(bench.path))
        try bench.server.open(bench.loop)
        let client = try Sockets.unixConnect(bench.path)
        try send("x\n", to: client)
        #expect(try bench.answer(to: client) == "<x>\n")
    }

    @Test("a live one is refused, with the pid of its owner")
    func live() throws {
        let bench = try ControlBench()
        try bench.server.open(bench.loop)
        do {
            try ControlServer(path: bench.path).prepare()
            Issue.record("it was not refused")
        } catch {
            #expect("\(error)".contains("pid \(CurrentProcess.pid)") && "\(error)".contains(bench.path))
        }
    }

    @Test("a file that is no socket is refused and left alone")
    func otherFile() throws {
        let bench = try ControlBench()
        try Directory.make("\(bench.folder)/run")
        try File.write(bench.path, [1, 2, 3].span)
        #expect(throws: StartFault.self) { try bench.server.prepare() }
        #expect(try File.read(bench.path, limit: 10) == [1, 2, 3])
    }

    @Test("a path longer than a socket may have is refused with the number")
    func longPath() {
        let path = "/tmp/" + String(repeating: "x", count: 110)
        do {
            try ControlServer(path: path).prepare()
            Issue.record("it was not refused")
        } catch {
            #expect("\(error)".contains("103 at most"))
        }
    }

    @Test("closed, the path is gone")
    func closes() throws {
        let bench = try ControlBench()
        try bench.server.open(bench.loop)
        bench.server.close(bench.loop)
        #expect(!File.exists(bench.path))
    }
}
