// SPDX-License-Identifier: Apache-2.0
/// Reads deliveries from Belfry's socket and writes answers to it, a turn at a time.
///
/// Driven by a thread of its own for BelfryService, and by the caller's thread for the blocking `run`.
/// Invariant: it sleeps only when nothing can be read and nothing is to be written; answers given before a FINISH are
/// written before the service has finished.

internal import LinuxIO
internal import Wire

final class ServiceLoop {
    /// What Belfry sends is bounded by its ring; a longer frame is none.
    private static let longest = 1 << 30

    /// Nanoseconds for which answers may be gathered while deliveries are being worked on.
    private static let answersWait: UInt64 = 5_000_000

    private let engine: ServiceEngine
    private let socket: Descriptor
    private let poller: Poller
    private let input = ByteBuffer(capacity: 64 << 10, limit: longest)
    private let output = ByteBuffer(capacity: 16 << 10, limit: .max >> 1)
    private var interest: Poller.Interest? = .readable
    private var texts = DeliveryTexts()
    private var hasEnded = false
    /// When answers were last written, on the monotonic clock.
    private var answered: UInt64 = 0

    /// `window`: how many deliveries are taken open at once.
    private init(_ socket: consuming Descriptor, engine: ServiceEngine, window: Int) throws(SystemCallError) {
        self.engine = engine
        self.socket = socket
        poller = try Poller(capacity: 2)
        try poller.add(engine.bellNumber, token: 0, events: .readable)
        try poller.add(self.socket.raw, token: 1, events: .readable)
        var frame: [UInt8] = []
        ServiceFrame.appendWindow(UInt32(clamping: max(1, window)), to: &frame)
        output.append(frame)
    }

    /// To the end; what went wrong is told to the readers. The socket is closed when this returns.
    static func serve(_ socket: consuming Descriptor, _ engine: ServiceEngine, window: Int) {
        do throws(ServiceError) {
            let loop = try make(socket, engine, window: window)
            while try loop.turn() {}
        } catch {
            engine.end(.failed(error))
        }
    }

    static func make(
        _ socket: consuming Descriptor, _ engine: ServiceEngine, window: Int
    ) throws(ServiceError) -> ServiceLoop {
        do throws(SystemCallError) {
            return try ServiceLoop(socket, engine: engine, window: window)
        } catch {
            throw .system(call: error.call, reason: error.reason)
        }
    }

    /// False when it is over: everything is answered behind a FINISH, or the service was ended from outside.
    func turn(waits: Bool = true) throws(ServiceError) -> Bool {
        let plan = engine.plan()
        guard !plan.hasEnded else { return false }
        var frames: [UInt8] = []
        AnswerFrames.append(plan.answers, to: &frames)
        output.append(frames)
        try write(open: plan.open)
        answered = Clock.monotonic()
        if plan.isFinishing, plan.open == 0, output.isEmpty {
            engine.end(.finished)
            return false
        }
        let hasRead = hasEnded ? false : try read(open: plan.open)
        if waits, !hasRead, plan.answers.isEmpty { try wait() }
        return true
    }

    /// Writes what has been answered meanwhile, if the last time is a while ago: for handlers that take their time, on
    /// the loop's own thread.
    func writeAnswers() throws(ServiceError) {
        guard Clock.monotonic() &- answered > Self.answersWait else { return }
        _ = try turn(waits: false)
    }

    private func write(open: Int) throws(ServiceError) {
        while !output.isEmpty {
            switch output.send(to: socket.raw) {
            case .wrote: continue
            case .wouldBlock: return
            case .closed: throw .disconnected(reason: "Belfry has closed it", unanswered: open)
            case .failed(let code): throw .disconnected(reason: SystemCallError.reason(code), unanswered: open)
            }
        }
    }

    /// Whether anything came, be it the end.
    private func read(open: Int) throws(ServiceError) -> Bool {
        switch input.receive(from: socket.raw) {
        case .bytes: try parse()
        case .wouldBlock: return false
        case .full: throw .unreadable
        case .failed(let code): throw .disconnected(reason: SystemCallError.reason(code), unanswered: open)
        case .closed where input.wasReset:
            throw .disconnected(reason: "Belfry has closed it", unanswered: open)
        case .closed:
            // The end means the same as a FINISH, and usually follows one.
            hasEnded = true
            // A frame that the end has cut off was not delivered.
            input.consume(input.count)
            engine.take([], isLast: true)
        }
        return true
    }

    private func parse() throws(ServiceError) {
        var deliveries: [Delivery] = []
        let (used, isLast) = try input.withReadable { bytes throws(ServiceError) in
            try frames(in: bytes, into: &deliveries, &texts)
        }
        input.consume(used)
        engine.take(deliveries, isLast: isLast)
    }

    private func frames(
        in bytes: Span<UInt8>, into deliveries: inout [Delivery], _ texts: inout DeliveryTexts
    ) throws(ServiceError) -> (Int, Bool) {
        var start = 0
        var isLast = false
        while true {
            switch ServiceFrame.next(in: bytes, from: start, most: Self.longest) {
            case .more: return (start, isLast)
            case .unreadable: throw .unreadable
            case .frame(.deliver, let flags, let payload):
                guard let (fixed, parts) = ServiceFrame.delivery(in: bytes, flags: flags, payload: payload) else {
                    throw .unreadable
                }
                deliveries.append(Delivery(fixed, parts, in: bytes, texts: &texts, engine: engine))
                start = payload.upperBound
            case .frame(let kind, _, let payload):
                isLast = isLast || kind == .finish
                start = payload.upperBound
            }
        }
    }

    /// After the end of the stream the socket is always "readable", and says nothing new.
    private func wait() throws(ServiceError) {
        let wanted: Poller.Interest? =
            switch (hasEnded, output.isEmpty) {
            case (false, true): .readable
            case (false, false): [.readable, .writable]
            case (true, false): .writable
            case (true, true): nil
            }
        do throws(SystemCallError) {
            if wanted != interest { try change(to: wanted) }
            _ = try poller.wait(timeoutNanoseconds: nil)
        } catch {
            throw .system(call: error.call, reason: error.reason)
        }
    }

    private func change(to wanted: Poller.Interest?) throws(SystemCallError) {
        switch (interest, wanted) {
        case (_, nil): try poller.remove(socket.raw)
        case (nil, .some(let wanted)): try poller.add(socket.raw, token: 1, events: wanted)
        case (_, .some(let wanted)): try poller.modify(socket.raw, token: 1, events: wanted)
        }
        interest = wanted
    }
}
