// SPDX-License-Identifier: Apache-2.0
/// The control socket's server end: stale and live paths, whole and broken lines, bounds.

import Control
import LinuxIO
import Reactor
import Testing

@testable import Supervision

/// A server on a path of its own, driven by hand; its answers repeat the line.
private final class Bench {
    let folder: String
    let path: String
    let server: ControlServer
    let loop: EventLoop
    /// Every line, in the order in which they were served.
    private(set) var served: [String] = []
    private(set) var waiting: ControlTicket?
    /// Whether the last turn was for the listener.
    var isAccepting = false
    /// Some descriptor to give away.
    private let listener: Descriptor

    init(accept: @escaping (CInt) -> AcceptResult = Sockets.accept) throws {
        folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-control-")
        path = "\(folder)/run/control.sock"
        server = ControlServer(path: path, accept: accept)
        loop = try EventLoop()
        listener = try Descriptor.duplicate(2)
    }

    deinit {
        server.close(loop)
        _ = try? File.remove(path)
        try? Directory.remove("\(folder)/run")
        try? Directory.remove(folder)
    }

    /// Serves until the client has something to read, or the end.
    func answer(to client: borrowing Descriptor) throws -> String {
        try Descriptor.setNonBlocking(client.raw)
        let buffer = ByteBuffer(limit: 1 << 20)
        let deadline = Clock.monotonic() + 10_000_000_000
        while Clock.monotonic() < deadline {
            switch buffer.receive(from: client.raw) {
            case .bytes, .closed: return buffer.withReadable { bytes in text(bytes) }
            case .wouldBlock: try turn()
            case .full, .failed: return "?"
            }
        }
        return "nothing came"
    }

    func turn() throws {
        try loop.wait(until: Clock.monotonic() + 100_000_000)
        while let event = loop.nextEvent() {
            if event.subject.kind == ControlServer.listener {
                isAccepting = true
                server.acceptAll(loop)
            } else {
                server.serve(Int(event.subject.index), loop) { line, asker in
                    served.append(text(line))
                    switch text(line) {
                    case "later":
                        waiting = asker.ticket
                        return .later
                    case "file": return .withDescriptor(Array("<file>\n".utf8), listener.raw)
                    default: return .now(Array("<\(text(line))>\n".utf8))
                    }
                }
            }
        }
        while let due = loop.nextDue() {
            if due.kind == ControlServer.pause { server.resume(loop) }
        }
    }
}

private func text(_ bytes: Span<UInt8>) -> String { String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }

private func send(_ words: String, to client: borrowing Descriptor) throws {
    try File.write(client.raw, Array(words.utf8).span)
}

@Suite("Control server")
struct ControlServerTests {
    @Test("a line is answered, and the next one, too")
    func answers() throws {
        let bench = try Bench()
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
        let bench = try Bench()
        try bench.server.open(bench.loop)
        let client = try Sockets.unixConnect(bench.path)
        try send(String(repeating: "x", count: ControlRequest.maximumCount + 2), to: client)
        #expect(try bench.answer(to: client).hasPrefix("<xxx"))
        #expect(try (0..<9).map { _ in try bench.answer(to: client) }.last == "")
    }

    @Test("with every place taken, the client that was silent for longest makes room")
    func bounded() throws {
        let bench = try Bench()
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
        let bench = try Bench { raw in
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
        let bench = try Bench { isExhausted ? .exhausted(24) : Sockets.accept($0) }
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

    @Test("an answer may come later, and what is asked meanwhile is answered behind it")
    func later() throws {
        let bench = try Bench()
        try bench.server.open(bench.loop)
        let client = try Sockets.unixConnect(bench.path)
        try send("later\nnext\n", to: client)
        while bench.waiting == nil { try bench.turn() }
        #expect(bench.served == ["later"])
        let ticket = try #require(bench.waiting)
        bench.server.answer(ticket, Array("done\n".utf8), bench.loop)
        #expect(try bench.answer(to: client).hasPrefix("done\n"))
        while bench.served.count < 2 { try bench.turn() }
    }

    @Test("what is told of an answer that comes later is there before it, and the next request still waits")
    func tells() throws {
        let bench = try Bench()
        try bench.server.open(bench.loop)
        let client = try Sockets.unixConnect(bench.path)
        try send("later\nnext\n", to: client)
        while bench.waiting == nil { try bench.turn() }
        let ticket = try #require(bench.waiting)
        for line in ["one\n", "two\n"] {
            bench.server.tell(ticket, Array(line.utf8), bench.loop)
            #expect(try bench.answer(to: client) == line)
        }
        #expect(bench.served == ["later"])
        bench.server.answer(ticket, Array("done\n".utf8), bench.loop)
        #expect(try bench.answer(to: client).hasPrefix("done\n"))
        while bench.served.count < 2 { try bench.turn() }
        // It has its answer: nothing more is told of it.
        bench.server.tell(ticket, Array("three\n".utf8), bench.loop)
        #expect(try bench.answer(to: client) == "<next>\n")
    }

    @Test("a client that goes while it is told what goes on is let go")
    func leaves() throws {
        let bench = try Bench()
        try bench.server.open(bench.loop)
        do {
            let client = try Sockets.unixConnect(bench.path)
            try send("later\n", to: client)
            while bench.waiting == nil { try bench.turn() }
        }
        let ticket = try #require(bench.waiting)
        bench.server.tell(ticket, Array("one\n".utf8), bench.loop)
        while bench.server.descriptor(of: ticket) != nil { try bench.turn() }
    }

    @Test("an answer for a client that has gone goes to nobody, its successor in the same place included")
    func gone() throws {
        let bench = try Bench()
        try bench.server.open(bench.loop)
        do {
            let client = try Sockets.unixConnect(bench.path)
            try send("later\n", to: client)
            while bench.waiting == nil { try bench.turn() }
        }
        try bench.turn()
        let ticket = try #require(bench.waiting)
        let next = try Sockets.unixConnect(bench.path)
        try send("later\n", to: next)
        while bench.served.count < 2 { try bench.turn() }
        #expect(bench.waiting?.place == ticket.place)
        bench.server.answer(ticket, Array("wrong\n".utf8), bench.loop)
        bench.server.answer(try #require(bench.waiting), Array("right\n".utf8), bench.loop)
        #expect(try bench.answer(to: next) == "right\n")
    }

    @Test("a descriptor goes along with the answer's first byte")
    func descriptor() throws {
        let bench = try Bench()
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
        let bench = try Bench()
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
        let bench = try Bench()
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
        let bench = try Bench()
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
        let bench = try Bench()
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
        let bench = try Bench()
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
        let bench = try Bench()
        try bench.server.open(bench.loop)
        bench.server.close(bench.loop)
        #expect(!File.exists(bench.path))
    }
}

private final class Holder {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
