// SPDX-License-Identifier: Apache-2.0
/// The asking end of the control socket, against answers that come whole, in pieces, or not at all.

import Control
import LinuxIO
import Testing

@Suite("A control client", .timeLimit(.minutes(1)))
struct ControlClientTests {
    @Test("gives out the payload of one answer after the other")
    func answers() throws {
        let server = try AnswerServer()
        let client = try server.client(answered: "a line\nokay\nok\nok\n")
        #expect(String(decoding: try client.ask(.status(.text)), as: UTF8.self) == "a line\nokay\n")
        #expect(try client.ask(.drain).isEmpty)
        #expect(server.requests() == "status\ndrain\n")
    }

    @Test("throws the broker's sentence")
    func refusal() throws {
        let server = try AnswerServer()
        let client = try server.client(answered: "error: there is nothing to drain\n")
        #expect(throws: ControlClientError.refused("there is nothing to drain")) { try client.ask(.drain) }
    }

    @Test("throws the lines before the sentence with it")
    func refusalWithLines() throws {
        let server = try AnswerServer()
        let client = try server.client(answered: "b.yaml:1:2: a\nb.yaml:3:4: b\nerror: 2 faults\n")
        let lines = Array("b.yaml:1:2: a\nb.yaml:3:4: b\n".utf8)
        #expect(throws: ControlClientError.refused("2 faults", lines: lines)) { try client.ask(.status(.json)) }
    }

    @Test("gives out each line of an answer that takes long as it comes, and what is asked next behind it")
    func follows() throws {
        let server = try AnswerServer()
        let client = try server.client(answered: "first\nsec")
        var lines: [String] = []
        try client.follow(.restart(.json)) { line in
            lines.append(String(decoding: line, as: UTF8.self))
            // Only once the first is out does the rest come.
            if lines.count == 1 { try server.add("ond\n\nok\nnext\nok\n") }
        }
        #expect(lines == ["first\n", "second\n", "\n"])
        #expect(String(decoding: try client.ask(.help), as: UTF8.self) == "next\n")
    }

    @Test("throws the sentence that ends such an answer, behind its lines")
    func followsToRefusal() throws {
        let server = try AnswerServer()
        let client = try server.client(answered: "first\nerror: it did not come up\n")
        var lines: [[UInt8]] = []
        #expect(throws: ControlClientError.refused("it did not come up")) {
            try client.follow(.restart(.json)) { lines.append($0) }
        }
        #expect(lines == [Array("first\n".utf8)])
    }

    @Test("says so if such an answer has no end")
    func followsToNothing() throws {
        let server = try AnswerServer()
        let client = try server.client(answered: "first\nsec", ends: true)
        #expect(throws: ControlClientError.closed) { try client.follow(.restart(.json)) { _ in } }
    }

    @Test("gives out no half of an answer")
    func half() throws {
        let server = try AnswerServer()
        let client = try server.client(answered: "a line\no", ends: true)
        #expect(throws: ControlClientError.closed) { try client.ask(.help) }
    }

    @Test("gets the descriptor that comes along with an answer, and none with the next")
    func descriptor() throws {
        let server = try AnswerServer()
        let client = try server.client(answered: "", passing: "ok\n")
        guard let passed = try client.askForDescriptor(.tail) else {
            Issue.record("none came")
            return
        }
        #expect(MemoryFile.isSizeSealed(passed.raw))
        try server.add("ok\n")
        let isMissing = try client.askForDescriptor(.tail) == nil
        #expect(isMissing)
    }

    @Test("waits no longer than its time")
    func timeout() throws {
        let server = try AnswerServer()
        let client = try server.client(answered: "half a line")
        #expect(throws: ControlClientError.timedOut(.milliseconds(50))) {
            try client.ask(.help, timeout: .milliseconds(50))
        }
    }

    @Test("says which socket it could not reach")
    func unreachable() {
        do throws(ControlClientError) {
            _ = try ControlClient(path: "/no/such/socket")
            Issue.record("it connected")
        } catch {
            #expect("\(error)" == "/no/such/socket: no such file or directory")
        }
    }

    @Test("ends every answer that is written for it")
    func written() {
        var bytes: [UInt8] = []
        ControlReply.appendSuccess(Array(ControlReply.help.utf8), to: &bytes)
        ControlReply.appendError(ControlFault("two\nlines"), to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("and the reason.\nok\nerror: two lines\n"))
    }
}

/// A control socket whose answers lie ready before they are asked for: a connection's buffers hold both sides.
private final class AnswerServer {
    let path: String
    private let folder: String
    private let listener: Descriptor
    private var connection: Descriptor?

    init() throws {
        folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-control-")
        path = folder + "/socket"
        listener = try Sockets.unixListen(path)
    }

    deinit {
        _ = try? File.remove(path)
        try? Directory.remove(folder)
    }

    /// A client that is connected to us, and these bytes on their way to it.
    func client(answered bytes: String, passing last: String = "", ends: Bool = false) throws -> ControlClient {
        let client = try ControlClient(path: path)
        guard case .accepted(let accepted, _) = Sockets.accept(listener.raw) else { throw NotAccepted() }
        try File.write(accepted.raw, Array(bytes.utf8).span)
        if !last.isEmpty {
            let file = try MemoryFile(named: "passed", size: 4096)
            _ = Sockets.send(Array(last.utf8).span, to: accepted.raw, passing: file.descriptor.raw)
        }
        if ends { Sockets.shutdownWriting(accepted.raw) }
        connection = consume accepted
        return client
    }

    func add(_ bytes: String) throws { try File.write(connection?.raw ?? -1, Array(bytes.utf8).span) }

    func requests() -> String {
        let buffer = ByteBuffer(limit: 4096)
        _ = buffer.receive(from: connection?.raw ?? -1)
        return buffer.withReadable { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
    }

    private struct NotAccepted: Error {}
}
