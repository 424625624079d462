// SPDX-License-Identifier: Apache-2.0
/// A real Worker with a stream service of one process, stepped; the acceptor and the service are played.
///
/// Invariant: a batch is through when the service has answered all of it and the worker has read the answers.

import Delivery
import LinuxIO
import Logging
import Reactor
import Ring
import Settings

final class WorkerDrive: Scenario {
    /// What a pipe holds at once: a lines service can't have read more when it answers.
    let batch = 128
    private static let window = 1_024

    private let ring: CountedRing
    private let producer: RingProducer
    private let worker: Worker
    private let ledger: RingLedger
    private let service: any Service
    private var number: UInt64 = 0

    init(_ framing: Settings.Service.Framing) throws {
        let door = try HeldService.Door()
        var definition = Settings.Service(
            name: "bell", topics: [">"],
            command: try framing == .frames ? door.command(handing: 3, 3) : door.command(handing: 0, 1))
        definition.mode = .stream
        definition.framing = framing
        definition.inFlight = Self.window
        ring = try CountedRing(definition)
        producer = try ring.producer()
        let ringWorker = try ring.worker()
        let context = WorkerContext(
            ring: ringWorker, loop: try EventLoop(), environment: [], seed: 7,
            log: Logger(label: "counts") { _ in SwiftLogNoOpLogHandler() })
        let worker = try Worker(
            context, index: 0, settings: ring.settings,
            bell: EventCounter(owning: ring.workerBell.descriptor.duplicate()),
            acceptorBell: EventCounter(owning: ring.acceptorBell.descriptor.duplicate()))
        self.worker = worker
        ledger = try RingLedger(
            control: ring.control(), log: MemoryFile.map(ring.files.log.descriptor.raw, writable: false),
            outcomes: MemoryFile.map(ring.files.outcomes.descriptor.raw, writable: false))
        // The process is launched for the first message.
        Self.publish(producer, 1)
        number = 1
        let held = try door.service { _ = try worker.step(until: Clock.monotonic() + 5_000_000) }
        service = framing == .frames ? try FramesService(held, window: Self.window) : LinesService(held)
        while try !isThrough() { try step() }
    }

    private static func publish(_ producer: RingProducer, _ number: UInt64) {
        var meta = RecordMeta()
        meta.mask = 1
        meta.time = 1_772_368_496_123_456_789
        meta.wireProtocol = 1
        let (topic, source, body) = (Messages.topic, Messages.source, Messages.body(number))
        _ = producer.append(meta, topic: topic.span, source: source.span, decoded: Span(), body: body.span)
        producer.publish()
    }

    func feed() throws {
        for _ in 0..<batch {
            number += 1
            Self.publish(producer, number)
        }
        ring.workerBell.ring()
    }

    func step() throws {
        _ = try worker.step(until: Clock.monotonic() + 1_000_000_000)
    }

    func isThrough() throws -> Bool {
        try service.answer()
        return try ledger.service(at: 0)?.counts[.delivered] == number
    }
}

/// What the service's program would do.
protocol Service: AnyObject {
    /// Reads all that has come, and answers it with one write.
    func answer() throws
}
