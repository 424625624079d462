// SPDX-License-Identifier: Apache-2.0
/// Belfry as an operator would run it: a YAML file, belfryd in the foreground, and its ledger asked at the end.
///
/// Used by every row.
/// Invariant: what the services acked is what `belfry ledger` says was delivered, not what the services say of themselves.

import Foundation

struct Belfry: Sendable {
    enum Program: Sendable {
        case frames, lines
        /// A process for each message, with a lane for each worker.
        case exec(concurrency: Int)
    }

    var program = Program.frames
    var workers = 1
    var ring = "64MiB"
    var window = 4096
    /// Each message is on the disk before its sender is answered.
    var isDurable = false
    /// Milliseconds of `port.gather`.
    var gather = 0
    /// Kind of `publish`.
    var sender = "belfry"
    /// Belfry's own Swift client instead of the C program.
    var usesSwiftClient = false

    var settings: String {
        let service =
            switch program {
            case .frames: "`mode: stream`, `framing: frames`, `in-flight: \(window)`"
            case .lines: "`mode: stream`, `framing: lines`, `in-flight: \(window)`"
            case .exec(let concurrency): "`mode: exec`, `concurrency: \(concurrency)`, `lanes: \(workers)`"
            }
        let port = gather > 0 ? "`gather: \(gather)ms`, " : ""
        return "\(port)`workers: \(workers)`, ring \(ring), \(isDurable ? "`durability: disk`, " : "")\(service)"
    }

    func setUp(_ stage: Stage, _ load: Load, _ boards: [Board]) throws -> Setup {
        let port = try stage.port()
        let control = stage.path("control.sock")
        let consume = try stage.tools.consume
        let services = try boards.enumerated().map { index, board in
            try service("s\(index)", stage, consume, board)
        }
        let file = try stage.file(
            "belfry.yaml",
            yaml(
                port: port, load: load, services: services,
                state: isDurable ? stage.folderOnDisk().appending(path: "state").path : "state"))
        let (belfryd, belfry) = (try stage.tools.belfryd, try stage.tools.belfry)
        var setup = Setup(publisher: try publisher(stage, load, boards, port: port))
        setup.servers = [Server(name: "belfryd", arguments: [belfryd, "--config", file], sign: .file(control))]
        setup.hasSenderAcks = sender == "belfry"
        if case .exec = program {
            setup.waitsForReady = false
        } else {
            setup.warmUp = {
                _ = try stage.run(
                    "warm-up", [belfry, "send", "--to", "127.0.0.1:\(port)", "--topic", "bench", "#warm-up"])
            }
        }
        let warmUps = setup.warmUp == nil ? 0 : boards.count
        let wanted = load.count * boards.count
        setup.serviceAcks = {
            try Self.delivered(stage, [belfry, "--control", control, "ledger", "--json"], wanted + warmUps) - warmUps
        }
        return setup
    }

    private func publisher(_ stage: Stage, _ load: Load, _ boards: [Board], port: Int) throws -> [String] {
        let program = try usesSwiftClient ? stage.tools.swiftClient : stage.tools.publish
        let common = [program, sender, "--to", "127.0.0.1:\(port)"] + load.options(boards)
        return sender.hasPrefix("syslog") || sender == "udp" ? common : common + ["--topic", "bench.message"]
    }

    private func service(_ name: String, _ stage: Stage, _ consume: String, _ board: Board) throws -> String {
        let command: [String]
        let mode: String
        switch program {
        case .frames:
            command = [consume, "frames", "--board", board.path, "--window", "\(window)"]
            mode = "mode: stream, framing: frames, in-flight: \(window), idle-timeout: none"
        case .lines:
            command = [consume, "lines", "--board", board.path]
            mode = "mode: stream, framing: lines, in-flight: \(window), idle-timeout: none"
        case .exec(let concurrency):
            command = [try stage.tools.once, board.path]
            mode = "mode: exec, concurrency: \(concurrency), lanes: \(workers)"
        }
        let words = command.map { "\"\($0)\"" }.joined(separator: ", ")
        return "  - { name: \(name), topics: [\">\"], command: [\(words)], \(mode) }"
    }

    private func yaml(port: Int, load: Load, services: [String], state: String) -> String {
        """
        port:     { address: 127.0.0.1, number: \(port), max-connections: 20000, max-message: \(ring == "1MiB" ? "256KiB" : "1MiB"), receive-buffer: 8MiB, gather: \(gather == 0 ? "0" : "\(gather)ms") }
        workers:  { count: \(workers) }
        ring:     { size: \(ring), durability: \(isDurable ? "disk" : "memory") }
        state:    { directory: "\(state)" }
        control:  { socket: control.sock }
        shutdown: { grace: 2s }
        services:
        \(services.joined(separator: "\n"))

        """
    }

    /// Waits until all is delivered, or nothing more for a while.
    private static func delivered(_ stage: Stage, _ command: [String], _ wanted: Int) throws -> Int {
        var delivered = 0
        _ = try wait(5, every: 0.05) {
            delivered = try ledger(try stage.run("ledger", command))
            return delivered >= wanted
        }
        return delivered
    }

    private struct Ledger: Decodable {
        struct Service: Decodable { let delivered: Int }
        let services: [String: Service]
    }

    private static func ledger(_ text: String) throws -> Int {
        try JSONDecoder().decode(Ledger.self, from: Data(text.utf8)).services.values.map(\.delivered).reduce(0, +)
    }
}
