// SPDX-License-Identifier: Apache-2.0
/// The control socket as a person at `nc -U` uses it: a line out, an answer back. Used by tests of what is asked there.
/// Invariant: an answer is whole, with the last line that says how it went.

import LinuxIO

final class Control {
    struct Answer {
        /// Without the last one.
        let lines: [String]
        /// "ok", or "error: …".
        let verdict: String
        var succeeded: Bool { verdict == "ok" }
    }

    private let socket: Descriptor
    private let buffer = ByteBuffer(limit: 1 << 24)

    init(_ path: String) throws {
        // The broker may be dead when we write: an error, and no more.
        Signal.ignoreBrokenPipes()
        socket = try Sockets.unixConnect(path)
    }

    func send(_ request: String) throws { try File.write(socket.raw, Array((request + "\n").utf8).span) }

    func answer(until deadline: Deadline = .after()) throws -> Answer {
        var lines: [String] = []
        while true {
            let line = try line(deadline)
            if line == "ok" || line.hasPrefix("error: ") { return Answer(lines: lines, verdict: line) }
            lines.append(line)
        }
    }

    private func line(_ deadline: Deadline) throws -> String {
        while true {
            let found = buffer.withReadable { bytes -> String? in
                guard let end = bytes.indices.first(where: { bytes[$0] == 0x0A }) else { return nil }
                return String(decoding: (0..<end).map { bytes[$0] }, as: UTF8.self)
            }
            if let found {
                buffer.consume(found.utf8.count + 1)
                return found
            }
            guard try deadline.wait(on: socket.raw) else { throw TimedOut("an answer on the control socket") }
            guard case .bytes = buffer.receive(from: socket.raw) else { throw TimedOut("an answer; it was closed") }
        }
    }
}

extension Broker {
    func ask(_ request: String) throws -> Control.Answer {
        let control = try Control(control)
        try control.send(request)
        return try control.answer()
    }

    /// Replaces the configuration; nobody reads it yet.
    func rewrite(services: [String], portOptions: String = "", controlOptions: String = "", settings: String = "")
        throws
    {
        _ = try Broker.configure(scratch, services, "number: 0\(portOptions)", settings, controlOptions)
    }

    /// Replaces the configuration and has belfryd go over to it.
    func reload(services: [String], portOptions: String = "", controlOptions: String = "", settings: String = "") throws
        -> Control.Answer
    {
        try rewrite(
            services: services, portOptions: portOptions, controlOptions: controlOptions, settings: settings)
        return try ask("reload")
    }
}
