// SPDX-License-Identifier: Apache-2.0
/// The senders that are no Swift programs, the C header and the Python file under Examples/, against a real broker:
/// directly, by UDP, and through a proxy that keeps breaking their connections (Tests/Tools/cutter.py).
/// Invariant of each test: what the service noted is what was sent, in its order, each once.

import LinuxIO
import Testing

@Suite("Senders in C and Python, on good and on broken connections")
struct CutConnectionTests {
    let scratch: Scratch
    let recorder: Recorder
    let broker: Broker

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
        let service = recorder.service("\">\"", "order: all")
        broker = try Broker(scratch, services: [service], portOptions: ", max-message: 8KiB")
    }

    static let compilers = [
        ["gcc", "-std=c99"], ["gcc", "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-include", "stdio.h"], ["gcc"],
        ["g++", "-x", "c++", "-std=c++11"],
    ]

    /// The C example, compiled as a stranger's strictest build would.
    private func compile(_ compiler: [String] = compilers[0]) throws -> String {
        let folder = "\(Executables.repository)/Examples/c"
        let warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror", "-O2"]
        let program = scratch.file("publish")
        let words = compiler.dropFirst() + warnings + ["-o", program, "\(folder)/publish.c"]
        let result = try scratch.run(compiler[0], Array(words))
        #expect(result.succeeded, "\(result.errors)")
        return program
    }

    private func lines(_ count: Int) -> (input: String, bodies: [String]) {
        let bodies = (0..<count).map { "line \($0) " + String(repeating: "x", count: $0 % 200) }
        return (bodies.map { $0 + "\n" }.joined(), bodies)
    }

    @Test("the C header compiles without a warning, as C and as C++, and sends", arguments: compilers)
    func compiles(_ compiler: [String]) throws {
        let publish = try compile(compiler)
        for options in [[], ["-u"]] {
            let words = options + ["127.0.0.1", "\(broker.port)", "test.topic"]
            let sent = try scratch.run(publish, words, input: "sda1 at 97 %\n")
            #expect(sent.succeeded, "\(sent.errors)")
        }
        let deliveries = try recorder.wait(for: 2)
        #expect(deliveries.map(\.text) == ["sda1 at 97 %", "sda1 at 97 %"])
        #expect(deliveries.map(\.topic) == ["test.topic", "test.topic"])
        #expect(deliveries.map { $0["protocol"] } == ["native", "native"])
        try broker.stop()
    }

    @Test("the makefile beside the C example builds it")
    func makefile() throws {
        for name in ["Makefile", "belfry.h", "publish.c"] {
            let file = "\(Executables.repository)/Examples/c/\(name)"
            try scratch.write(name, String(decoding: File.read(file, limit: 1 << 20), as: UTF8.self))
        }
        let made = try scratch.run("make", ["-C", scratch.path])
        #expect(made.succeeded, "\(made.errors)")
        #expect(scratch.exists("publish"))
        try broker.stop()
    }

    @Test("the C sender tells what is refused, and all else is taken")
    func refused() throws {
        let publish = try compile()
        let to = ["127.0.0.1", "\(broker.port)"]
        let large = String(repeating: "x", count: 8193)
        let first = try scratch.run(publish, to + ["test.topic"], input: "one\n\(large)\n")
        #expect(first.status == .exited(1))
        #expect(first.errors == "publish: the notification is too large: \n")
        let second = try scratch.run(publish, to + ["belfry.own"], input: "two\nthree\n")
        #expect(second.status == .exited(1))
        #expect(second.errors.contains("notification 2 is refused, code 7: "))
        #expect(second.errors.contains("publish: some notifications were refused: "))
        let third = try scratch.run(publish, to + ["no topic"], input: "four\n")
        #expect(third.errors == "publish: not a topic: \n")
        let nobody = try scratch.run(publish, ["nobody.invalid", "1", "test.topic"], input: "")
        #expect(nobody.succeeded, "nothing was sent, so nobody was asked: \(nobody.errors)")
        #expect(try recorder.wait(for: 1).map(\.text) == ["one"])
        #expect(try broker.ledger().intake.refused == ["reserved-topic": 2])
        try broker.stop()
    }

    struct Sender: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let seed: Int
    }

    static let senders = ["C", "Python"].flatMap { name in (1...2).map { Sender(testDescription: name, seed: $0) } }

    @Test("a sender whose connection is cut again and again sends all, in its order, each once", arguments: senders)
    func cut(_ sender: Sender) throws {
        let cutter = "\(Executables.repository)/Tests/Tools/cutter.py"
        let proxy = try Program("python3", [cutter, "\(broker.port)", "12", "\(sender.seed)"], in: scratch)
        let port = try scratch.wait("the proxy's port", alongside: proxy) {
            proxy.output.hasSuffix("\n") ? String(proxy.output.dropLast()) : nil
        }
        let (input, bodies) = lines(5_000)
        let python = "\(Executables.repository)/Examples/python/belfry.py"
        let sent =
            sender.testDescription == "C"
            ? try scratch.run(compile(), ["127.0.0.1", port, "test.topic"], input: input, until: .after(.seconds(60)))
            : try scratch.run(
                "python3", [python, "send", "--to", "127.0.0.1:\(port)", "--topic", "test.topic", "--lines"],
                input: input, until: .after(.seconds(60)))
        #expect(sent.succeeded, "\(sent.errors)")
        let ledger = try broker.ledger("all delivered", until: .after(.seconds(60))) {
            $0.services["recorder"]?.delivered == 5_000
        }
        #expect(ledger.intake.published == 5_000)
        #expect(ledger.intake.duplicate == 0, "WELCOME tells what was taken; only the rest is sent again")
        #expect(proxy.output.split(separator: "\n").count > 6, "hardly a connection was cut")
        #expect(try recorder.deliveries().map(\.text) == bodies)
        proxy.signal(Signal.kill)
        try proxy.wait()
        try broker.stop()
    }
}
