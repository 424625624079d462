// SPDX-License-Identifier: Apache-2.0
/// What a service has open: deliveries that wait for a reader, readers that wait for a delivery, answers that wait to be
/// written.
///
/// Used by ServiceEngine, under its lock; pure.
/// Invariant: not both deliveries and readers wait; `open` counts what came in and has no answer yet.

struct ServiceState: Sendable {
    enum Answer: Equatable, Sendable {
        case done(UInt64)
        case failed(UInt64, isFinal: Bool, reason: String)
    }

    /// What a reader gets.
    enum Next: Sendable {
        case delivery(Delivery)
        /// Nothing more will come, or the reader was cancelled.
        case end
        case failed(ServiceError)
    }

    struct Reader: Sendable {
        let token: UInt64
        let resume: @Sendable (Next) -> Void
    }

    enum Ending: Equatable, Sendable {
        case finished
        case failed(ServiceError)
    }

    private var ready = Queue<Delivery>()
    private var readers = Queue<Reader>()
    private var answers: [Answer] = []
    private(set) var open = 0
    /// Nothing more will come in.
    private(set) var isFinishing = false
    private(set) var ending: Ending?

    /// Deliveries that came in; those for whom a reader waits go to it.
    mutating func take(_ deliveries: [Delivery]) -> [(Reader, Next)] {
        var given: [(Reader, Next)] = []
        open += deliveries.count
        // Kept nowhere: they fail as the caller lets go of them.
        guard ending == nil else { return [] }
        for delivery in deliveries {
            if let reader = readers.popFirst() {
                given.append((reader, .delivery(delivery)))
            } else {
                ready.append(delivery)
            }
        }
        return given
    }

    /// Without waiting; nil if nothing is there.
    mutating func next() -> Next? {
        if let delivery = ready.popFirst() { return .delivery(delivery) }
        switch ending {
        case .finished: return .end
        case .failed(let error): return .failed(error)
        case nil: return nil
        }
    }

    mutating func wait(_ reader: Reader) -> [(Reader, Next)] {
        if let next = next() { return [(reader, next)] }
        readers.append(reader)
        return []
    }

    mutating func cancel(_ token: UInt64) -> [(Reader, Next)] {
        readers.extract { $0.token == token }.map { ($0, .end) }
    }

    mutating func answer(_ answer: Answer) {
        open -= 1
        answers.append(answer)
    }

    mutating func takeAnswers() -> [Answer] {
        defer { answers = [] }
        return answers
    }

    mutating func finish() { isFinishing = true }

    /// Those who wait, and what nobody has taken: to be let go of outside of the lock, because each then answers.
    mutating func end(_ how: Ending) -> (readers: [(Reader, Next)], unread: [Delivery]) {
        guard ending == nil else { return ([], []) }
        ending = how
        let next: Next =
            switch how {
            case .finished: .end
            case .failed(let error): .failed(error)
            }
        return (readers.extract { _ in true }.map { ($0, next) }, ready.extract { _ in true })
    }
}
