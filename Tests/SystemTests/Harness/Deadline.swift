// SPDX-License-Identifier: Apache-2.0
/// How long a test waits for something before it says that it did not come. Used by everything in this harness that
/// waits; what is waited for is always an event, and the deadline only bounds it.
/// Invariant: a deadline never moves, so that waiting in several steps takes no longer than waiting in one.

import LinuxIO

struct Deadline: Sendable {
    private let at: UInt64

    private init(at: UInt64) { self.at = at }

    /// Generous by default: the machines that run these tests are slow and busy.
    static func after(_ duration: Duration = .seconds(30)) -> Deadline {
        Deadline(at: Clock.monotonic() + duration.nanoseconds)
    }

    /// Nanoseconds, 0 when it has passed.
    var remaining: UInt64 {
        let now = Clock.monotonic()
        return now < at ? at - now : 0
    }

    var passed: Bool { remaining == 0 }

    /// Waits until one of the descriptors is ready; false when the deadline passed first.
    func wait(for interest: Poller.Interest = .readable, on descriptors: CInt?...) throws -> Bool {
        let poller = try Poller(capacity: 4)
        for case let descriptor? in descriptors { try poller.add(descriptor, token: 0, events: interest) }
        return try poller.wait(timeoutNanoseconds: remaining) > 0
    }
}

/// Something that a test waited for and that did not come.
struct TimedOut: Error, CustomStringConvertible {
    let description: String
    init(_ what: String) { description = "timed out: \(what)" }
}
