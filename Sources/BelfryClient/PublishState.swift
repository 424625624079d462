// SPDX-License-Identifier: Apache-2.0
/// What a publisher has taken over and what became of it: the window of unacked frames, what waits for room in it, and
/// who waits for which answer. Every verb returns those whose wait is over.
///
/// Used by PublishEngine, under its lock; pure.
/// Invariant: the window is never over its bounds by more than one frame; a waiter is in one place only, and is settled
/// exactly once; once `ended` is set nothing waits.

internal import LinuxIO
internal import Wire

struct PublishState: Sendable {
    /// One notification that is to be taken over.
    struct Submission: Sendable {
        let frame: [UInt8]
        /// For the admission to the window, or for the answer; nil wants to hear nothing more.
        var waiter: Waiter?
        var wantsAnswer: Bool
    }

    /// What the thread is to do next.
    struct Turn {
        var frames: FrameRun?
        var isWanted: Bool
        var until: UInt64
    }

    /// Refusals of which nobody has asked yet; more are only counted.
    private static let refusalsKept = 1000

    private let windowCount: Int
    private let windowBytes: Int
    private(set) var window = SendWindow()
    private var head = PublishHead()
    private var backlog = Queue<Submission>()
    private var answers = Queue<(number: UInt64, waiter: Waiter)>()
    private var others: [(number: UInt64, waiter: Waiter)] = []
    /// Refused, and not yet acked: told only once, though they may be sent again.
    private var refusedNumbers: Set<UInt64> = []
    private var refusals: [Refusal] = []
    private var refusalCount = 0
    private var patience: Patience
    private var nextDeadline = UInt64.max

    /// From the last WELCOME; nil before the first one.
    private(set) var maxMessage: Int?
    private(set) var ended: PublishError?
    /// Of those acked, how many were refused.
    private(set) var refusedInAll: UInt64 = 0

    init(windowCount: Int, windowBytes: Int, timeout: UInt64, now: UInt64) {
        self.windowCount = max(1, windowCount)
        self.windowBytes = max(1, windowBytes)
        patience = Patience(timeout, now: now)
    }

    private var hasRoom: Bool { window.count < windowCount && window.bytes < windowBytes }
    /// Enough of it that those who wait for some are woken for many frames at once.
    private var hasMuchRoom: Bool {
        window.isEmpty
            || window.count <= windowCount - windowCount / 4 && window.bytes <= windowBytes - windowBytes / 4
    }
    /// Nothing that came before may be overtaken.
    var isOpen: Bool { hasRoom && backlog.isEmpty && ended == nil }
    /// Something is awaited of the broker.
    var isWanted: Bool { maxMessage == nil || !window.isEmpty }
}

// MARK: - What users ask for

extension PublishState {
    /// Takes a notification over at once if it is open; the number that it got.
    /// `now` is asked only when nothing was under way: the clock costs as much as all the rest.
    mutating func admit(
        _ topic: String, _ body: Span<UInt8>, now: @autoclosure () -> UInt64
    ) throws(PublishError) -> UInt64? {
        if let ended { throw ended }
        if let refusal = head.choose(topic) ?? sizeRefusal(body.count) { throw .refused(Refusal(refusal)) }
        guard isOpen else { return nil }
        if !isWanted { patience.renew(now: now()) }
        return window.append(&head, body)
    }

    /// A frame without its number, for a submission; or why nobody needs to send it.
    mutating func frame(_ topic: String, _ body: Span<UInt8>) throws(PublishError) -> [UInt8] {
        if let refusal = head.choose(topic) ?? sizeRefusal(body.count) { throw .refused(Refusal(refusal)) }
        var frame = head.bytes
        frame.append(copying: body)
        return frame
    }

    private func sizeRefusal(_ count: Int) -> Wire.Refusal? { count > maxMessage ?? .max ? .tooLarge : nil }

    private mutating func admit(_ frame: [UInt8], now: UInt64) -> UInt64 {
        if !isWanted { patience.renew(now: now) }
        return window.append(frame)
    }

    mutating func submit(_ submission: Submission, now: UInt64) -> [Settled] {
        if let ended { return submission.waiter.map { [Settled($0, .failed(ended))] } ?? [] }
        watch(submission.waiter)
        guard isOpen else {
            backlog.append(submission)
            return []
        }
        return take(over: submission, now: now)
    }

    private mutating func take(over submission: Submission, now: UInt64) -> [Settled] {
        let number = admit(submission.frame, now: now)
        guard let waiter = submission.waiter else { return [] }
        guard submission.wantsAnswer else { return [Settled(waiter, .done(number))] }
        answers.append((number, waiter))
        return []
    }

    /// Settles once everything taken over so far is answered.
    mutating func flush(_ waiter: Waiter) -> [Settled] {
        if let ended { return [Settled(waiter, .failed(ended))] }
        watch(waiter)
        others.append((window.next - 1, waiter))
        return settleOthers()
    }

    /// Settles once the broker has answered for the first time.
    mutating func start(_ waiter: Waiter) -> [Settled] {
        if let ended { return [Settled(waiter, .failed(ended))] }
        if maxMessage != nil { return [Settled(waiter, .done(0))] }
        watch(waiter)
        others.append((0, waiter))
        return []
    }

    /// Takes a waiter out; what it wanted to send and is not under way yet is not sent.
    mutating func cancel(_ token: UInt64) -> [Settled] {
        extract { $0.token == token }.map { Settled($0.waiter, .cancelled) }
    }

    mutating func end(with error: PublishError) -> [Settled] {
        guard ended == nil else { return [] }
        ended = error
        return extract { _ in true }.map { Settled($0.waiter, .failed(error)) }
    }

    private mutating func watch(_ waiter: Waiter?) { nextDeadline = min(nextDeadline, waiter?.deadline ?? .max) }

    /// All waiters for which it is over; `isWithdrawn` says that nothing was sent for them.
    private mutating func extract(
        where condition: (Waiter) -> Bool
    ) -> [(waiter: Waiter, isWithdrawn: Bool)] {
        let waiting = backlog.extract { $0.waiter.map(condition) ?? false }.compactMap(\.waiter)
        let sent = answers.extract { condition($0.waiter) }.map(\.waiter)
        let flushing = others.filter { condition($0.waiter) }.map(\.waiter)
        others.removeAll { condition($0.waiter) }
        return waiting.map { ($0, true) } + (sent + flushing).map { ($0, false) }
    }
}

// MARK: - What the thread brings and fetches

extension PublishState {
    /// What to do next: `queued` is the number up to which frames went to the connection, nil if it takes none now.
    mutating func plan(after queued: UInt64?, now: UInt64) -> Turn {
        Turn(
            frames: queued.flatMap { window.frames(after: $0) }, isWanted: isWanted,
            until: min(nextDeadline, isWanted ? patience.end : .max))
    }

    /// Whether nothing was accepted for too long.
    func isStalled(now: UInt64) -> Bool { isWanted && now >= patience.end }

    /// Those whose own deadline has passed.
    mutating func expire(now: UInt64) -> [Settled] {
        guard now >= nextDeadline else { return [] }
        let late = extract { $0.deadline <= now }
        let waiting = (0..<backlog.count).compactMap { backlog[$0]?.waiter?.deadline }
        let sent = (0..<answers.count).compactMap { answers[$0]?.waiter.deadline }
        nextDeadline = (waiting + sent + others.map(\.waiter.deadline)).min() ?? .max
        return late.map { Settled($0.waiter, .failed(.timedOut(isWithdrawn: $0.isWithdrawn))) }
    }

    mutating func take(_ answer: Answer, now: UInt64) -> [Settled] {
        switch answer {
        case .welcome(let lastAccepted, let most):
            let isFirst = maxMessage == nil
            maxMessage = most
            if isFirst { patience.renew(now: now) }
            return acknowledge(upTo: lastAccepted, now: now)
        case .ack(let number): return acknowledge(upTo: number, now: now)
        case .refused(let refusal): return note(refusal)
        case .ended: return []
        }
    }

    private mutating func acknowledge(upTo number: UInt64, now: UInt64) -> [Settled] {
        let before = window.acknowledged
        window.acknowledge(upTo: number)
        let settled = settleAnswers() + settleOthers()
        guard window.acknowledged > before else { return settled }
        patience.renew(now: now)
        if !refusedNumbers.isEmpty {
            let still = refusedNumbers.filter { $0 > window.acknowledged }
            refusedInAll += UInt64(refusedNumbers.count - still.count)
            refusedNumbers = still
        }
        return settled + admitBacklog(now: now)
    }

    private mutating func settleAnswers() -> [Settled] {
        var settled: [Settled] = []
        while let first = answers.first, first.number <= window.acknowledged {
            _ = answers.popFirst()
            settled.append(Settled(first.waiter, .done(first.number)))
        }
        return settled
    }

    private mutating func settleOthers() -> [Settled] {
        guard maxMessage != nil else { return [] }
        let acknowledged = window.acknowledged
        let ready = others.filter { $0.number <= acknowledged }
        others.removeAll { $0.number <= acknowledged }
        return ready.map { Settled($0.waiter, takeRefusals().map { .failed($0) } ?? .done($0.number)) }
    }

    private mutating func takeRefusals() -> PublishError? {
        guard refusalCount > 0 else { return nil }
        defer { (refusals, refusalCount) = ([], 0) }
        return .someRefused(first: refusals, count: refusalCount)
    }

    private mutating func admitBacklog(now: UInt64) -> [Settled] {
        guard hasMuchRoom else { return [] }
        var settled: [Settled] = []
        while hasRoom, let submission = backlog.popFirst() { settled += take(over: submission, now: now) }
        return settled
    }

    /// For the task that waits for this very notification, else for the next flush.
    private mutating func note(_ refusal: Refusal) -> [Settled] {
        guard let number = refusal.number, number > window.acknowledged, number < window.next,
            refusedNumbers.insert(number).inserted
        else { return [] }
        let waiting = answers.extract { $0.number == number }
        guard waiting.isEmpty else { return waiting.map { Settled($0.waiter, .failed(.refused(refusal))) } }
        refusalCount += 1
        if refusals.count < Self.refusalsKept { refusals.append(refusal) }
        return []
    }
}
