// SPDX-License-Identifier: Apache-2.0
/// Programs in Python as services of a real broker, by way of Examples/python/belfry.py: those that lie beside it, and
/// small ones that do what no example does. The client's own tests, which need no broker, are run from here, too.
/// Invariant of each test: the ledger agrees with what the program has done.

import LinuxIO
import Testing

@Suite("Programs in Python are services")
struct PythonServiceTests {
    static let folder = "\(Executables.repository)/Examples/python"
    static let framings = ["lines", "frames"]

    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// A service that runs a program of the examples, or the text of one.
    private func service(_ framing: String, _ words: [String], _ options: String...) throws -> String {
        let command = (["/usr/bin/python3"] + words).joined(separator: ", ")
        let lines = [
            "- name: python", "  topics: [\"test.>\"]", "  command: [\(command)]", "  mode: stream",
            "  framing: \(framing)", "  retry: { backoff: 10ms, max-backoff: 50ms }",
            "  environment: { PYTHONPATH: \(Self.folder), PYTHONDONTWRITEBYTECODE: \"1\" }",
        ]
        return (lines + options.map { "  " + $0 }).joined(separator: "\n")
    }

    private func program(_ text: String) throws -> String { try scratch.write("program.py", text) }

    private func send(_ bodies: [String], to broker: Broker) throws {
        let to = ["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic", "--lines", "-"]
        let sent = try broker.belfry(to, input: bodies.map { $0 + "\n" }.joined())
        #expect(sent.succeeded, "\(sent.errors)")
    }

    private func delivered(_ count: UInt64, by broker: Broker) throws {
        _ = try broker.ledger("\(count) acks") { $0.services["python"]?.delivered == count }
    }

    @Test("the client passes its own tests")
    func ownTests() throws {
        let tests = "\(Executables.repository)/Tests/PythonTests"
        let run = try scratch.run("python3", ["-B", "-m", "unittest", "discover", tests], until: .after(.seconds(60)))
        #expect(run.succeeded, "\(run.errors)")
        #expect(run.errors.contains("OK"))
    }

    @Test("the archive keeps every notification, in order, by one process", arguments: framings)
    func archive(_ framing: String) throws {
        let words = ["\(Self.folder)/archive.py", scratch.file("archive")]
        let broker = try Broker(scratch, services: [service(framing, words, "order: all")])
        let bodies = (0..<20_000).map { "body \($0) \"ü\"" }
        try send(bodies, to: broker)
        try delivered(20_000, by: broker)
        let expected = bodies.map { #""topic": "test.topic", "body": ""# + $0.replacing("\"", with: "\\\"") + "\"}" }
        let kept = scratch.text("archive").split(separator: "\n")
        #expect(kept.count == expected.count)
        #expect(zip(kept, expected).allSatisfy { $0.hasSuffix($1) })
        #expect(try broker.status()[service: "python"]?.instances == 1)
        try broker.stop()
    }

    @Test("what raises is tried again, what is dead is not, and the reasons are told", arguments: framings)
    func failures(_ framing: String) throws {
        let text = """
            import belfry
            def handle(delivery):
                if delivery.text == "dead": raise belfry.Dead("no such user")
                if delivery.text == "later" and delivery.attempt < 3: raise OSError("not yet")
                with open("\(scratch.file("done"))", "a") as done: print(delivery.text, delivery.attempt, file=done)
            belfry.serve(handle)
            """
        let broker = try Broker(scratch, services: [service(framing, [program(text)])])
        try send(["fine", "dead", "later"], to: broker)
        try delivered(2, by: broker)
        #expect(scratch.text("done") == "fine 1\nlater 3\n")
        let ledger = try broker.ledger("the dead one counted") { $0.services["python"]?.pending == 0 }
        #expect(ledger.services["python"]?.dead == 1)
        #expect(try broker.status()[service: "python"]?.retried == 2)
        try broker.stop()
    }

    @Test("a service that is told to end answers what it has, and nothing comes twice", arguments: framings)
    func told(_ framing: String) throws {
        let words = ["\(Self.folder)/archive.py", scratch.file("archive")]
        let broker = try Broker(scratch, services: [service(framing, words, "idle-timeout: 1s")])
        for wave in 1...2 {
            try send((0..<1_000).map { "wave \(wave) number \($0)" }, to: broker)
            try delivered(UInt64(wave * 1_000), by: broker)
            _ = try broker.service("python", "its end for want of work") { $0.instances == 0 }
        }
        let kept = scratch.text("archive").split(separator: "\n")
        #expect(kept.count == 2_000)
        #expect(Set(kept).count == 2_000)
        #expect(try broker.status()[service: "python"]?.retried == 0)
        try broker.stop()
    }

    @Test("the web hook posts what comes, tries again what may pass, and no more what may not", arguments: framings)
    func webHook(_ framing: String) throws {
        let text = """
            import http.server
            class Hook(http.server.BaseHTTPRequestHandler):
                seen = set()
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                    again = body in self.seen
                    self.seen.add(body)
                    self.send_response(404 if body == "dead" else 503 if body == "busy" and not again else 204)
                    self.end_headers()
                    print("posted", self.headers["X-Belfry-Topic"], body, flush=True)
            server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
            print("port", server.server_address[1], flush=True)
            server.serve_forever()
            """
        let hook = try Program("python3", [program(text)], in: scratch)
        let port = try scratch.wait("the hook's port", alongside: hook) {
            hook.output.contains("\n") ? hook.output.split(separator: "\n").first?.dropFirst(5) : nil
        }
        let words = ["\(Self.folder)/webhook.py", "http://127.0.0.1:\(port)/"]
        let broker = try Broker(scratch, services: [service(framing, words)])
        try send(["fine", "dead", "busy"], to: broker)
        try delivered(2, by: broker)
        let posted = hook.output.split(separator: "\n").dropFirst().sorted()
        #expect(posted == ["busy", "busy", "dead", "fine"].map { "posted test.topic \($0)" })
        let ledger = try broker.ledger("the dead one counted") { $0.services["python"]?.pending == 0 }
        #expect(ledger.services["python"]?.dead == 1)
        hook.signal(Signal.terminate)
        try hook.wait()
        try broker.stop()
    }

    @Test("a program that sends and one that serves need nothing but the one file")
    func disks() throws {
        let words = ["\(Self.folder)/archive.py", scratch.file("archive")]
        let item = try service("lines", words).replacing("test.>", with: "alerts.>")
        let broker = try Broker(scratch, services: [item])
        let arguments = ["-B", "\(Self.folder)/disks.py", "127.0.0.1", "\(broker.port)", "0", "/"]
        let sent = try scratch.run("python3", arguments)
        #expect(sent.succeeded, "\(sent.errors)")
        try delivered(1, by: broker)
        #expect(scratch.text("archive").contains(#""topic": "alerts.disk.full", "body": "{\"folder\": \"/\""#))
        try broker.stop()
    }
}
