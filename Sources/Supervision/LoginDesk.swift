// SPDX-License-Identifier: Apache-2.0
/// Tokens that telnet clients have sent, in line, and when the next one is judged: at once, unless one before was wrong.
///
/// Held by the Supervisor; pure.
/// Invariant: however many clients try, and however often they connect anew, between two wrong tokens lies the pause.

struct LoginDesk {
    struct Attempt: Equatable {
        let asker: ControlAsker
        let token: [UInt8]
    }

    /// How often one client may try.
    static let tries = 3
    /// Nanoseconds.
    private static let first: UInt64 = 1_000_000_000
    private static let longest: UInt64 = 8_000_000_000
    /// After so long without a wrong token all is forgotten.
    private static let memory: UInt64 = 60_000_000_000

    /// The Supervisor will be woken when the next one is due.
    var isScheduled = false
    private(set) var waiting: [Attempt] = []
    private var failures = 0
    private var lastFailure: UInt64 = 0
    private var wrong: [ControlTicket: Int] = [:]

    mutating func add(_ attempt: Attempt) { waiting.append(attempt) }

    /// When the next one may be judged; nil if none waits.
    var due: UInt64? { waiting.isEmpty ? nil : failures == 0 ? 0 : lastFailure &+ pause }

    private var pause: UInt64 { min(Self.longest, Self.first << UInt64(min(failures - 1, 8))) }

    /// The next one, if it may be judged now.
    mutating func next(at now: UInt64) -> Attempt? {
        guard let due, due <= now else { return nil }
        return waiting.removeFirst()
    }

    /// Its token was right.
    mutating func succeed(_ attempt: Attempt) {
        failures = 0
        wrong[attempt.asker.ticket] = nil
    }

    /// Its token was wrong.
    /// - Returns: whether it was its last try.
    mutating func fail(_ attempt: Attempt, at now: UInt64) -> Bool {
        if now &- lastFailure >= Self.memory { failures = 0 }
        failures += 1
        lastFailure = now
        let count = (wrong[attempt.asker.ticket] ?? 0) + 1
        // Of those that have gone nothing is to be kept.
        if wrong.count >= 2 * ControlServer.telnetClients { wrong.removeAll() }
        wrong[attempt.asker.ticket] = count < Self.tries ? count : nil
        return count >= Self.tries
    }
}
