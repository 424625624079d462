// SPDX-License-Identifier: Apache-2.0
// A service for HotRestartTests: it only says what becomes of it, over a channel that it inherits as "test".
// Usage: generation-probe MODE; the modes are those of `options` and of `drain`.

import Glibc
import HotRestart
import LinuxIO

let mode = CommandLine.arguments.dropFirst().first ?? ""

func options() -> GenerationOptions {
    var options = GenerationOptions()
    switch mode {
    case "missing": options.executable = "/nonexistent/program"
    case "ends": options.executable = "/bin/false"
    case "hangs":
        options.executable = "/bin/sleep"
        options.arguments = ["sleep", "60"]
        options.readyTimeout = .milliseconds(300)
    case "state", "dies-with-state": options.handsState = true
    case "forgets-state":
        options.handsState = true
        options.readyTimeout = .milliseconds(300)
    case "lingers": options.maximumGenerations = 3
    case "overdue": options.drainTimeout = .milliseconds(50)
    case "pid-file": options.pidFile = CommandLine.arguments[2]
    default: break
    }
    return options
}

/// Tells the test one line, and waits until it has gone out.
struct Report {
    let channel: CInt

    func say(_ words: String) {
        guard Descriptor.wait(channel, writable: true, until: nil) else { return }
        _ = Sockets.send(Array(words.utf8).span, to: channel, passing: -1)
    }
}

func start() throws -> (Generation, Report) {
    if mode == "open-thread" {
        var thread = pthread_t()
        // As Swift's main thread, which waits in this way for its tasks.
        unsafe pthread_create(
            &thread, nil,
            { _ in
                var none = sigset_t()
                unsafe sigemptyset(&none)
                while true { unsafe sigsuspend(&none) }
            }, nil)
    }
    let generation = try Generation.start(options())
    // Under systemd nobody listens: what is said goes nowhere.
    let channel = try generation.socket(named: "test") {
        try Sockets.udp(SocketAddress(numeric: "127.0.0.1", port: 0)!).release()
    }
    return (generation, Report(channel: channel))
}

func initialise(_ generation: Generation, _ report: Report) throws -> String {
    let port = try generation.socket(named: "web", .stream) {
        try Sockets.tcp(SocketAddress(numeric: "127.0.0.1", port: 0)!).release()
    }
    let state = try generation.takeState()
    for (name, descriptor) in state?.descriptors ?? [] {
        let contents = try File.read("/proc/self/fd/\(descriptor)", limit: 100)
        report.say("descriptor \(generation.number) \(name) \(String(decoding: contents, as: UTF8.self))")
        close(descriptor)
    }
    if mode == "dies-with-state", generation.hasPredecessor { exit(1) }
    if mode == "calls", generation.number < 4 { generation.restart() }
    try generation.ready()
    let name = try SocketFacts.name(of: port)?.port ?? 0
    report.say("ready \(generation.number) \(CurrentProcess.pid) \(name)")
    return state.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "none"
}

func serve(_ generation: Generation, _ report: Report, _ state: String) throws {
    report.say("state \(generation.number) \(state)")
    while let turn = generation.next() {
        if try take(turn, generation, report, state) { return }
    }
}

/// Whether that was the last one.
func take(_ turn: Turn, _ generation: Generation, _ report: Report, _ state: String) throws -> Bool {
    switch turn {
    case .failed(let reason): report.say("failed \(generation.number) \(reason)")
    case .handOver: try handOver(generation, state)
    case .overdue: report.say("overdue \(generation.number)")
    case .drain: report.say("drain \(generation.number)")
    }
    return turn == .overdue || turn == .drain && mode != "overdue" && mode != "lingers"
}

/// The same in a task.
func serveInTask(_ generation: Generation, _ report: Report, _ state: String) {
    report.say("state \(generation.number) \(state)")
    let hasEnded = Gate()
    Task {
        for await turn in generation.turns where try take(turn, generation, report, state) { hasEnded.open() }
    }
    hasEnded.wait()
}

func handOver(_ generation: Generation, _ state: String) throws {
    guard mode != "forgets-state" else { return }
    let file = try MemoryFile.holding(Array("of \(generation.number)".utf8).span, named: "probe")
    try generation.hand("\(state) \(generation.number)".utf8, descriptors: [("file", file.descriptor.raw)])
}

do {
    let (generation, report) = try start()
    let state = try initialise(generation, report)
    if mode == "tasks" {
        serveInTask(generation, report, state)
    } else {
        try serve(generation, report, state)
    }
} catch {
    try? File.write(2, Array("\(error)\n".utf8).span)
    exit(1)
}
