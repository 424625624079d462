// SPDX-License-Identifier: Apache-2.0
/// One run of one contender: servers, consumers, sender, and the account of it.
///
/// Used by every contender with a sender and a consumer.
/// Invariant: the clock runs from the first send to the last receipt or ack; what starts and ends around it is not measured.

import Foundation
import Measures
import Report

final class Trial {
    let stage: Stage
    let load: Load
    private let boards: [Board]
    /// The brokers' under load, in MB.
    private var memory: Double?

    /// How long a flat-out run may take before it is broken off.
    private static let patience = 60.0

    init(_ stage: Stage, _ load: Load) throws {
        (self.stage, self.load) = (stage, load)
        boards = try (0..<load.consumers).map { index in
            try Board(
                in: stage.folder, name: "board\(index)", count: load.count, interval: load.interval,
                latencies: load.wantsLatencies)
        }
    }

    func run(round: Int, _ setUp: SetUp) throws -> RunResult {
        let setup = try setUp(stage, load, boards)
        let servers = try begin(setup)
        let meter = Meter(brokers: servers.map(\.pid), programs: stage.tools.programs.path)
        let before = try publish(setup, meter)
        try waitForReceipts(meter)
        _ = try setup.serviceAcks?()
        let cpu = meter.cpuSeconds - before
        try waitForMore()
        let acked = try setup.serviceAcks?()

        for board in boards { try board.stop() }
        try report(servers)
        return try result(round, setup, acked: acked, cpu: servers.isEmpty ? nil : cpu)
    }

    /// Everything but the sender is up, nothing is sent: what the brokers do then.
    func rest(round: Int, _ setUp: SetUp) throws -> RunResult {
        let servers = try begin(try setUp(stage, load, boards))
        let meter = Meter(brokers: servers.map(\.pid), programs: stage.tools.programs.path)
        var result = try Idleness(stage: stage, meter: meter).observe(round: round)
        for board in boards { try board.stop() }
        try report(servers)
        result[.idleMemory] = Double(meter.proportionalBytes) / 1e6
        return result
    }

    /// Servers, then consumers, until all are ready.
    private func begin(_ setup: Setup) throws -> [Child] {
        let servers = try setup.servers.map(start)
        try setup.prepare?()
        let consumers = try setup.consumers.map { try stage.start("consume", $0) }
        try setup.warmUp?()
        if setup.waitsForReady { try waitForConsumers(consumers) }
        return servers
    }

    /// Until the sender has ended; returns the brokers' CPU time just before the first message: connections stand by then.
    private func publish(_ setup: Setup, _ meter: Meter) throws -> Double {
        var cpu = meter.cpuSeconds
        let publisher = try stage.start("publish", setup.publisher)
        let patience = Self.patience + Double(load.interval) * Double(load.count) / 1e9
        let ended = try wait(patience) {
            if try boards[0].image[.firstSend] == 0 { cpu = meter.cpuSeconds }
            try lookAtMemory(meter)
            return !publisher.isRunning
        }
        guard ended else {
            let image = try boards[0].image
            throw Trouble(
                "the sender did not end within \(Int(patience)) s: \(image[.sent]) sent, \(image[.received]) received")
        }
        if let failure = publisher.failure { throw Trouble("the sender \(failure)") }
        return cpu
    }

    /// Starts a server and waits until it answers.
    private func start(_ server: Server) throws -> Child {
        let child = try stage.start(server.name, server.arguments, extra: server.extra)
        let isUp = wait(10) {
            guard child.isRunning else { return true }
            switch server.sign {
            case .port(let port): return Ports.answers(port)
            case .listening(let port): return !Ports.isFree(port, SOCK_STREAM)
            case .datagrams(let port): return !Ports.isFree(port, SOCK_DGRAM)
            case .file(let path): return FileManager.default.fileExists(atPath: path)
            }
        }
        if let failure = child.failure { throw Trouble("\(server.name) \(failure)") }
        guard isUp else { throw Trouble("\(server.name) was not up within 10 s") }
        return child
    }

    private func waitForConsumers(_ consumers: [Child]) throws {
        let areReady = try wait(10) {
            if let gone = consumers.first(where: { !$0.isRunning }) {
                throw Trouble("a consumer \(gone.failure ?? "ended at once")")
            }
            return try boards.allSatisfy { try $0.image[.ready] > 0 }
        }
        guard areReady else { throw Trouble("the consumers were not ready within 10 s") }
    }

    /// Until all is received, or nothing has come for two seconds.
    private func waitForReceipts(_ meter: Meter) throws {
        var last: UInt64 = 0
        var deadline = now() + 2
        _ = try wait(Self.patience) {
            let received = try boards.map { try $0.image[.received] }
            try lookAtMemory(meter)
            if received.allSatisfy({ $0 >= load.count }) { return true }
            let sum = received.reduce(0, +)
            if sum > last { (last, deadline) = (sum, now() + 2) }
            return now() > deadline
        }
    }

    /// What is doubled may come late: until nothing has come for a moment.
    private func waitForMore() throws {
        func count() throws -> UInt64 {
            try boards.reduce(0) { try $0 + $1.image[.received] + $1.image[.duplicates] }
        }
        var last = try count()
        var deadline = now() + 0.1
        _ = try wait(Self.patience) {
            let sum = try count()
            if sum != last { (last, deadline) = (sum, now() + 0.1) }
            return now() > deadline
        }
    }

    /// Once, when half of the messages are received.
    private func lookAtMemory(_ meter: Meter) throws {
        guard load.wantsMemory, memory == nil, try boards[0].image[.received] > load.count / 2 else { return }
        memory = Double(meter.proportionalBytes) / 1e6
    }

    private func report(_ servers: [Child]) throws {
        for server in servers where !server.isRunning {
            throw Trouble("\(server.name) \(server.failure ?? "ended in the middle of the run")")
        }
    }

    private func result(
        _ round: Int, _ setup: Setup, acked: Int?, cpu: Double?
    ) throws -> RunResult {
        let images = try boards.map { try $0.image }
        var tally = Tally(
            images, count: load.count, hasSenderAcks: setup.hasSenderAcks)
        tally.serviceAcks = acked
        var result = RunResult(round: round, tally: tally)
        if let acked, acked < tally.wanted, result.failure == nil {
            result.failure = "\(tally.wanted - acked) of \(tally.wanted) not acked by the services"
        }
        if let acked, acked > tally.wanted, result.failure == nil {
            result.failure = "\(acked - tally.wanted) more acked by the services than the \(tally.wanted) sent"
        }
        if let acks = tally.senderAcks, acks < load.count, result.failure == nil {
            result.failure = "\(load.count - acks) of \(load.count) not acked to the sender"
        }
        result[.rate] = tally.rate / Double(load.consumers)
        result[.deliveries] = tally.rate
        if let cpu, tally.received > 0 { result[.cpu] = cpu * 1e6 / Double(tally.received) }
        result[.loadMemory] = memory
        if load.wantsLatencies { try addLatencies(&result) }
        return result
    }

    private func addLatencies(_ result: inout RunResult) throws {
        let curve = LatencyCurve(nanoseconds: try boards[0].latencies)
        for (quantity, place) in Quantity.curve { result[quantity] = curve.value(at: place) }
    }
}
