// SPDX-License-Identifier: Apache-2.0
/// Answers of the control server that come later, and clients that come by telnet.

import Control
import LinuxIO
import Settings
import Testing

@testable import Supervision

@Suite("Later answers of the control server")
struct LaterAnswerTests {
    @Test("an answer may come later, and what is asked meanwhile is answered behind it")
    func later() throws {
        let bench = try ControlBench()
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
        let bench = try ControlBench()
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
        var rest = ""
        while !rest.hasSuffix(">\n"), rest != "nothing came" { rest += try bench.answer(to: client) }
        #expect(rest == "done\n<next>\n")
        // It has its answer: nothing more is told of it.
        bench.server.tell(ticket, Array("three\n".utf8), bench.loop)
        try send("last\n", to: client)
        #expect(try bench.answer(to: client) == "<last>\n")
    }

    @Test("a client that goes while it is told what goes on is let go")
    func leaves() throws {
        let bench = try ControlBench()
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
        let bench = try ControlBench()
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
}

@Suite("A telnet client of the control server")
struct TelnetClientTests {
    private let hidden = "\u{FFFD}\u{FFFD}\u{1}"

    private func bench(token: Bool) throws -> (ControlBench, SocketAddress) {
        let listener = try TelnetListener(.init(address: "127.0.0.1", port: 0))
        let bench = try ControlBench(telnet: listener)
        bench.server.wantsToken = token
        try bench.server.open(bench.loop)
        return (bench, try #require(try SocketFacts.name(of: listener.raw)))
    }

    @Test("is greeted, and has a prompt behind each answer")
    func prompts() throws {
        let (bench, address) = try bench(token: false)
        let client = try Sockets.tcpConnect(address)
        #expect(try bench.answer(to: client) == "belfryd; help tells what can be asked\r\nbelfry> ")
        try send("one\r\n", to: client)
        #expect(try bench.answer(to: client) == "<one>\r\nbelfry> ")
        try send("later\r\n", to: client)
        while bench.waiting == nil { try bench.turn() }
        bench.server.answer(try #require(bench.waiting), Array("done\n".utf8), bench.loop)
        #expect(try bench.answer(to: client) == "done\r\nbelfry> ")
        try send("bye\r\n", to: client)
        #expect(try bench.answer(to: client) == "<bye>\r\n")
        #expect(try bench.answer(to: client) == "")
    }

    @Test("is asked for the token until it has shown it, and what it types then is not seen")
    func token() throws {
        let (bench, address) = try bench(token: true)
        let client = try Sockets.tcpConnect(address)
        #expect(try bench.answer(to: client).hasSuffix("\r\n\(hidden)token: "))
        try send("guess\r\n", to: client)
        #expect(try bench.answer(to: client) == "<out>\r\n\(hidden)token: ")
        try send("open\r\n", to: client)
        #expect(try bench.answer(to: client) == "\(hidden)\r\n<in>\r\nbelfry> ")
    }

    @Test("can't say more than a request may hold")
    func endless() throws {
        let (bench, address) = try bench(token: false)
        let client = try Sockets.tcpConnect(address)
        _ = try bench.answer(to: client)
        try send(String(repeating: "x", count: ControlRequest.maximumCount + 2), to: client)
        #expect(try bench.answer(to: client).hasPrefix("<xxx"))
        #expect(try (0..<9).map { _ in try bench.answer(to: client) }.last == "")
    }

    @Test("takes no place of others, but of the telnet client that was silent for longest")
    func bounded() throws {
        let (bench, address) = try bench(token: false)
        let own = try Sockets.unixConnect(bench.path)
        try bench.turn()
        let first = try Sockets.tcpConnect(address)
        _ = try bench.answer(to: first)
        var rest: [Holder] = []
        for _ in 0..<ControlServer.telnetClients {
            rest.append(Holder(try Sockets.tcpConnect(address)))
            _ = try bench.answer(to: rest[rest.count - 1].descriptor)
        }
        #expect(try bench.answer(to: first) == "")
        try send("here\n", to: own)
        #expect(try bench.answer(to: own) == "<here>\n")
        for holder in rest {
            try send("x\r\n", to: holder.descriptor)
            #expect(try bench.answer(to: holder.descriptor) == "<x>\r\nbelfry> ")
        }
    }

    @Test("is not heard where the address is another's")
    func taken() throws {
        let (bench, address) = try bench(token: false)
        defer { bench.server.close(bench.loop) }
        do {
            _ = try TelnetListener(.init(address: "127.0.0.1", port: address.port))
            Issue.record("it was not refused")
        } catch {
            #expect("\(error)".contains("choose another address or port, or leave it out"))
        }
    }
}
