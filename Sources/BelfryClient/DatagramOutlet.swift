// SPDX-License-Identifier: Apache-2.0
/// The socket behind DatagramPublisher: sends runs as trains while that works, waits when the kernel has no room.
///
/// Used by DatagramPublisher, under its lock.
/// Invariant: it never spins: a full socket is waited for, a full queue behind it is given time, both up to the patience.

internal import LinuxIO

struct DatagramOutlet: ~Copyable, Sendable {
    private let socket: Descriptor
    private let address: String
    private let patience: UInt64
    private var batch = DatagramBatch()
    private var limits: TrainLimits

    init(_ endpoint: Endpoint, patience: UInt64, usesTrains: Bool) throws(PublishError) {
        let addresses: [SocketAddress]
        do throws(ResolveError) {
            addresses = try SocketNames.resolve(endpoint.host, port: endpoint.port)
        } catch {
            throw .unresolved(host: error.host, reason: error.reason)
        }
        guard let first = addresses.first else {
            throw .unresolved(host: endpoint.host, reason: "it has no address")
        }
        let socket = try Self.open(first)
        limits = TrainLimits(usesTrains && DatagramTrain.isSupported(socket.raw))
        self.socket = socket
        self.patience = patience
        address = "\(first)"
    }

    private static func open(_ address: SocketAddress) throws(PublishError) -> Descriptor {
        do throws(SystemCallError) {
            return try Sockets.udpConnect(address)
        } catch {
            throw .unreachable(address: "\(address)", reason: error.reason)
        }
    }

    /// Forgets what was added.
    mutating func begin() { batch.clear() }

    mutating func add(_ topic: String, _ body: Span<UInt8>) throws(PublishError) {
        if let refusal = batch.append(topic, body) { throw .refused(refusal.told(of: 1)) }
    }

    mutating func add(_ messages: Span<DatagramPublisher.Message>) throws(PublishError) {
        var start = 0
        while start < messages.count {
            let end = DatagramBatch.endOfAlike(messages, from: start)
            if let refusal = batch.append(alike: messages.extracting(start..<end)) {
                throw .refused(refusal.told(of: UInt64(start + 1)))
            }
            start = end
        }
    }

    /// Sends what was added.
    mutating func send() throws(PublishError) {
        var (index, start) = (0, 0)
        while let run = batch.run(from: index, at: start, atMost: limits.count) {
            if limits.pass(run) {
                let sent = try transmit(batch.bytes.span.extracting(run.bytes), segment: UInt16(run.segment)) == .sent
                if !sent {
                    // Once more from there, as a shorter train or without.
                    limits.lower(behind: run)
                    continue
                }
            } else {
                try sendSingly(batch.bytes.span, run)
            }
            (index, start) = (index + run.count, run.bytes.upperBound)
        }
    }

    private func sendSingly(_ bytes: Span<UInt8>, _ run: DatagramBatch.Run) throws(PublishError) {
        var start = run.bytes.lowerBound
        while start < run.bytes.upperBound {
            let end = min(start + run.segment, run.bytes.upperBound)
            if case .failed(let code) = try transmit(bytes.extracting(start..<end), segment: 0) {
                throw .system(call: "send", reason: SystemCallError.reason(code))
            }
            start = end
        }
    }

    /// `.sent`, or `.failed` for what waiting would not change.
    private func transmit(_ bytes: Span<UInt8>, segment: UInt16) throws(PublishError) -> DatagramResult {
        var waits = DatagramWaits(patience, now: Clock.monotonic())
        while true {
            let result = DatagramTrain.send(socket.raw, bytes, segment: segment)
            if case .failed(let code) = result, SystemCallError.isUnreachable(code) {
                throw .unreachable(address: address, reason: SystemCallError.reason(code))
            }
            switch waits.next(after: result, now: Clock.monotonic()) {
            case .over: return result
            case .givenUp: throw .timedOut(isWithdrawn: true)
            case .socket(let nanoseconds): wait(forSocket: true, nanoseconds)
            case .pause(let nanoseconds): wait(forSocket: false, nanoseconds)
            }
        }
    }

    /// Without a poller there is nothing to wait with; trying at once again is the lesser evil.
    private func wait(forSocket: Bool, _ nanoseconds: UInt64) {
        guard let poller = try? Poller(capacity: 1) else { return }
        if forSocket { try? poller.add(socket.raw, token: 0, events: .writable) }
        _ = try? poller.wait(timeoutNanoseconds: nanoseconds)
    }
}
