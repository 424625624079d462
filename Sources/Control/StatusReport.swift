// SPDX-License-Identifier: Apache-2.0
/// The state of a running Belfry at one moment: what `status` shows.
///
/// Filled in by the supervisor out of the regions, or by `belfry` out of its JSON; JSON and text forms are beside this file.
/// Invariant: times are nanoseconds since 1970 in UTC, ages seconds, rates a second; nil is "not now".

package struct StatusReport: Report, Equatable {
    package enum State: String, Sendable {
        case starting, running, draining
    }

    package var now: UInt64 = 0
    package var generation: UInt64 = 1
    package var pid: Int32 = 0
    /// The executable that runs, whatever lies at its path.
    package var image = ProgramImage()
    /// Another file lies there by now, or none.
    package var isReplaced = false
    package var state = State.starting
    package var uptime: UInt64 = 0
    /// Where the port is bound, "127.0.0.1:2355".
    package var address = ""
    package var udp = true
    package var tcp = true
    package var acceptor = Acceptor()
    package var committer = Committer()
    package var workers: [Worker] = []
    package var services: [Service] = []
    package var ring = Ring()
    package var rates = Rates()
    /// What an operator should do something about, a sentence each.
    package var warnings: [String] = []
    package var keeper = Keeper()
    /// The latest first.
    package var incidents: [Incident] = []

    package init() {}

    package struct Acceptor: Equatable, Sendable {
        /// nil while it is being started again.
        package var pid: Int32?
        package var age: UInt64 = 0
        package var restarts: UInt64 = 0
        package var connections: UInt64 = 0

        package init() {}
    }

    package struct Committer: Equatable, Sendable {
        /// nil while there is nothing to be written.
        package var pid: Int32?
        package var age: UInt64 = 0
        package var restarts: UInt64 = 0
        /// Why something can't be written now.
        package var trouble: String?

        package init() {}
    }

    package struct Worker: Equatable, Sendable {
        package var index = 0
        /// nil while it is being started again.
        package var pid: Int32?
        package var age: UInt64 = 0
        package var restarts: UInt64 = 0
        package var leases = 0

        package init() {}
    }

    package enum ServiceState: String, Sendable, CaseIterable {
        case stopped, starting, running
        case backingOff = "backing-off"
        /// Hands out nothing new until an operator resumes it.
        case paused
        /// Was removed or replaced by a reload, and still finishes what was for it.
        case draining
    }

    package struct Service: Equatable, Sendable {
        package var name = ""
        /// `exec` or `stream`.
        package var mode = ""
        package var state = ServiceState.stopped
        /// When a service that backs off is tried again.
        package var until: UInt64?
        /// Why it backs off, or why its last delivery or launch failed.
        package var reason: String?
        /// Processes that run now.
        package var instances: UInt64 = 0
        package var waiting: UInt64 = 0
        package var inFlight: UInt64 = 0
        package var backingOff: UInt64 = 0
        /// Of those pending: on the disk, because the service was so far behind.
        package var parked: UInt64 = 0
        package var delivered: UInt64 = 0
        package var retried: UInt64 = 0

        package init() {}
    }

    package struct Ring: Equatable, Sendable {
        /// Bytes of the arena that records hold now, and all of them.
        package var used: UInt64 = 0
        package var size: UInt64 = 0
        /// Records now, and how many descriptors there are.
        package var records: UInt64 = 0
        package var capacity: UInt64 = 0
        /// When the oldest record that is kept was received.
        package var oldest: UInt64?
        /// The service that it is kept for: what holds the ring back.
        package var heldBy: String?

        package init() {}
    }

    package struct Keeper: Equatable, Sendable {
        /// nil if there is nothing for it to do, or while it can't be started.
        package var pid: Int32?
        package var age: UInt64 = 0
        package var restarts: UInt64 = 0
        /// Dead letters that it does not have yet; they are pending.
        package var waiting: UInt64 = 0
        /// Why it can't keep anything now.
        package var trouble: String?

        package init() {}
    }

    package struct Rates: Equatable, Sendable {
        package var received: UInt64 = 0
        package var delivered: UInt64 = 0

        package init() {}
    }
}
