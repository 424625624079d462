// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Reactor
import Ring
import Settings
import Wire

/// The keeper's connection: dead letters that are to be delivered again, each to its service alone.
///
/// Part of Acceptor. The keeper sends as a native sender does: under a name of its own, with numbers that only grow.
/// Invariant: KEPT goes out only for what is published (and durable, where the log is); behind a refusal nothing is taken
/// until the keeper has begun anew, so that a number that was passed over is never taken for one that was accepted.
final class ReplayIntake {
    static let kind: UInt8 = 6
    /// Bytes that are read at once.
    private static let turn = 1 << 20
    /// Nanoseconds until it is tried again, where there was no room.
    private static let pause: UInt64 = 20_000_000

    private let intake: Intake
    private let loop: EventLoop
    /// The active services' places in the ring.
    private var slots: [String: Int] = [:]
    private var socket: Descriptor?
    private var watch: Watch?
    private var input = ByteBuffer(capacity: 4_096, limit: Int(Int32.max))
    private var output = ByteBuffer(capacity: 4_096, limit: 1 << 20)
    private var sender: SenderIndex?
    /// The last number that was taken, and the last that the keeper was told of.
    private var last: UInt64 = 0
    private var told: UInt64 = 0
    /// The sequence behind the last one's record.
    private var end: UInt64 = 0
    private var refusal: (number: UInt64, reason: String)?
    private var isDeaf = true
    private var timer: Timer?

    init(_ intake: Intake, _ loop: EventLoop, _ slots: [String: Int]) {
        self.intake = intake
        self.loop = loop
        self.slots = slots
    }

    /// Something is published that the keeper has not been told of.
    var isHolding: Bool { last > told }
    /// It may be told now.
    var isReleasable: Bool { isHolding && end <= intake.producer.committed }

    func goOver(to slots: [String: Int]) { self.slots = slots }

    /// There is a keeper, or another one.
    func adopt(_ descriptor: consuming Descriptor) throws {
        close()
        try Descriptor.setNonBlocking(descriptor.raw)
        watch = try loop.watch(descriptor.raw, Subject(kind: Self.kind), .readable)
        socket = consume descriptor
    }

    /// The socket has something, or there may be room again.
    func handle() {
        guard let raw = socket?.raw else { return }
        var rest = timer == nil ? Self.turn : 0
        while rest > 0 {
            switch input.receive(from: raw) {
            case .bytes(let count): rest -= count
            case .wouldBlock: rest = 0
            case .closed, .failed, .full: return close()
            }
        }
        run()
    }

    /// The pause is over.
    func resume() {
        timer = nil
        handle()
    }

    /// Behind each publication: says what may be said.
    func settle() {
        guard socket != nil else { return }
        if isReleasable {
            say(.kept(last))
            told = last
        }
        if let refusal, !isHolding {
            say(.refused(number: refusal.number, refusal.reason))
            self.refusal = nil
        }
        flush()
    }

    private func close() {
        if let watch { loop.unwatch(watch) }
        if let sender { intake.producer.release(sender) }
        if let timer { loop.cancel(timer) }
        socket = nil
        (watch, sender, timer, refusal, isDeaf) = (nil, nil, nil, nil, true)
        (last, told) = (0, 0)
        input.consume(input.count)
        output.consume(output.count)
    }

    private func say(_ frame: KeeperFrame) {
        var bytes: [UInt8] = []
        frame.append(to: &bytes)
        output.append(bytes)
    }

    private func flush() {
        guard let raw = socket?.raw, let watch, !output.isEmpty else { return }
        switch output.write(to: raw) {
        case .wrote, .wouldBlock:
            // Nothing is read while there is no room for it.
            var interest: Poller.Interest = timer == nil ? .readable : []
            if !output.isEmpty { interest.insert(.writable) }
            try? loop.change(watch, interest)
        case .closed, .failed: close()
        }
    }

    // MARK: frames

    private func run() {
        var isReadable = true
        let used = input.withReadable { bytes in
            var start = 0
            while true {
                switch KeeperFrame.next(in: bytes, from: start) {
                case .frame(let frame, let next):
                    guard take(frame) else { return start }
                    start = next
                case .more: return start
                case .unreadable:
                    isReadable = false
                    return start
                }
            }
        }
        input.consume(used)
        input.shrink()
        if !isReadable { return close() }
        flush()
    }

    /// - Returns: false if there is no room for it now.
    private func take(_ frame: KeeperFrame) -> Bool {
        switch frame {
        case .hello(let id): return begin(id)
        case .replay(let number, let message): return isDeaf || number <= last || take(message, number)
        default: return true
        }
    }

    private func begin(_ id: Wire.SenderID) -> Bool {
        let producer = intake.producer
        if sender == nil, let place = producer.hold(Ring.SenderID(high: id.high, low: id.low)) {
            sender = place
            (last, told) = (producer.lastNumber(place), producer.lastNumber(place))
            end = producer.published
        }
        // What is taken but could still be lost is not said to be taken.
        guard sender != nil, end <= producer.committed else { return wait() }
        isDeaf = false
        say(.welcome(last: told))
        return true
    }

    private func take(_ message: KeptMessage, _ number: UInt64) -> Bool {
        guard let slot = slots[message.service] else {
            return refuse(number, "there is no service \(message.service)")
        }
        var meta = RecordMeta()
        meta.mask = 1 << UInt64(slot)
        meta.time = message.time
        meta.wireProtocol = message.wireProtocol
        meta.decodedKind = message.decodedKind
        meta.topicHash = StableHash.of(message.topic.span)
        meta.sourceHash = StableHash.of(message.source.span)
        meta.sender = sender
        meta.number = number
        let original = OriginalID(
            log: message.id.log, epoch: UInt32(truncatingIfNeeded: message.id.epoch), sequence: message.id.sequence)
        switch intake.producer.append(
            meta, replaying: original, topic: message.topic.span, source: message.source.span,
            decoded: message.decoded.span, body: message.body.span)
        {
        case .appended(let sequence):
            (last, end) = (number, sequence &+ 1)
            return true
        case .full: return wait()
        case .tooLarge: return refuse(number, "it is larger than the ring allows")
        }
    }

    private func refuse(_ number: UInt64, _ reason: String) -> Bool {
        refusal = (number, reason)
        isDeaf = true
        return true
    }

    /// Leaves the frame where it is, and the socket alone, for a moment.
    private func wait() -> Bool {
        if let watch { try? loop.change(watch, []) }
        timer = loop.schedule(Subject(kind: Self.kind), at: loop.now &+ Self.pause)
        return false
    }
}

extension Settings {
    /// By name, the places of the services that may get something.
    var activeSlots: [String: Int] {
        var slots: [String: Int] = [:]
        for service in services {
            if let placement = service.placement, placement.state == .active { slots[service.name] = placement.slot }
        }
        return slots
    }
}
