// SPDX-License-Identifier: Apache-2.0
/// A service of several generations, each a process of Tests/GenerationProbe or GenerationProbeC, and what they report.
/// The first is a child of this test, and so are all that follow it: they are siblings.
/// Invariant: nothing of it outlives the test; it waits for half a minute at most.

import LinuxIO
import Testing

final class Service {
    private let channel: SeqPacketChannel
    /// Those that have said that they are ready, by number.
    private(set) var generations: [Int: Process] = [:]
    /// What the first one wrote to its standard error.
    private let errors: MemoryFile

    final class Process {
        let descriptor: ProcessDescriptor
        init(_ descriptor: consuming ProcessDescriptor) { self.descriptor = descriptor }
        func send(_ signal: CInt) { descriptor.send(signal) }
        func end() throws -> LinuxIO.ExitStatus? { try Probe.end(of: descriptor) }
    }

    /// `program` is "generation-probe" or "generation-probe-c", which is the same in C.
    init(_ mode: String..., program: String = "generation-probe", environment: [String] = []) throws {
        let pair = try SeqPacketChannel.pair()
        let folder = try CurrentProcess.executable().split(separator: "/").dropLast().joined(separator: "/")
        errors = try MemoryFile(named: "errors", size: 4096)
        var request = LaunchRequest(path: "/\(folder)/\(program)", arguments: ["probe"] + mode)
        request.environment = environment
        request.listenNames = ["test"]
        request.descriptors = [(errors.descriptor.raw, 2), (pair.second.raw, 3)]
        let first = try LaunchPlan(request).launch()
        channel = pair.takeFirst()
        generations[0] = Process(first)
    }

    deinit {
        for process in generations.values where process.descriptor.send(Signal.kill) { _ = try? process.end() }
    }

    /// The next words that a generation says. At "ready NUMBER PID …" it is known from then on.
    func next() throws -> [String] {
        try #require(try Probe.isReadable(channel.raw), "the generations say nothing")
        var buffer = [UInt8](repeating: 0, count: 1000)
        guard case .packet(let count, _) = channel.receive(into: &buffer) else {
            Issue.record("all generations have ended: \(try errorText())")
            return []
        }
        let words = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: " ").map(String.init)
        if words.first == "ready", let number = Int(words[1]), let pid = CInt(words[2]) {
            generations[number] = Process(try ProcessDescriptor(pid: pid))
        }
        return words
    }

    /// The next words as a sentence, but for the pid and port of one that is ready.
    func sentence() throws -> String {
        let words = try next()
        return words.prefix(words.first == "ready" ? 2 : words.count).joined(separator: " ")
    }

    func sentences(_ count: Int) throws -> [String] { try (0..<count).map { _ in try sentence() } }

    /// Restarts the generation of that number, and expects it to drain and the next to be ready. That one's port.
    @discardableResult
    func restart(_ number: Int, state: String = "none") throws -> String? {
        try generation(number).send(Signal.user2)
        // Two processes speak: only what one of them says is in order.
        let words = try [next(), next(), next()]
        let sentences = words.map { $0.prefix($0.first == "ready" ? 2 : $0.count).joined(separator: " ") }
        #expect(Set(sentences) == ["drain \(number)", "ready \(number + 1)", "state \(number + 1) \(state)"])
        return words.first { $0.first == "ready" }?.last
    }

    /// The process behind that number, once it has said that it is ready.
    func generation(_ number: Int) throws -> Process { try #require(generations[number]) }

    func errorText() throws -> String {
        let text = String(decoding: try File.read("/proc/self/fd/\(errors.descriptor.raw)", limit: 5000), as: UTF8.self)
        return String(text.prefix { $0 != "\0" })
    }
}
