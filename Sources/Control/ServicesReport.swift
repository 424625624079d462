// SPDX-License-Identifier: Apache-2.0
/// Each service in detail at one moment: what `services` shows.
///
/// Filled in by the supervisor out of settings, regions and pages, or by `belfry` out of its JSON; JSON and text forms are
/// beside this file.
/// Invariant: times are nanoseconds since 1970 in UTC, durations nanoseconds; nil is "not now" or "none"; words that a
/// service said have been made printable.

package struct ServicesReport: Report, Equatable {
    package var now: UInt64 = 0
    package var services: [Service] = []

    package init() {}

    package struct Service: Equatable, Sendable {
        package var name = ""
        package var state = StatusReport.ServiceState.stopped
        package var isPaused = false
        /// It was removed or replaced, and finishes what was for it.
        package var isRetiring = false
        /// When a service that backs off is tried again.
        package var until: UInt64?
        /// Why it backs off, or why its last delivery or launch failed.
        package var reason: String?
        package var definition = Definition()
        /// Processes that run now.
        package var instances: UInt64 = 0
        package var shards: UInt64 = 0
        /// Indices of the workers that hold a shard of it.
        package var workers: [UInt64] = []
        package var counts = Counts()
        /// When the oldest notification that is pending was received.
        package var oldest: UInt64?
        /// From the decision until the program runs.
        package var launchTime = Times()
        /// From hand-out to answer, time-out or end.
        package var runTime = Times()
        /// The newest first.
        package var failures: [Failure] = []

        package init() {}
    }

    /// How it is configured, by the keys of the file.
    package struct Definition: Equatable, Sendable {
        package var topics: [String] = []
        package var command: [String] = []
        /// `exec` or `stream`.
        package var mode = ""
        /// Of a stream service: `lines` or `frames`.
        package var framing: String?
        package var order = ""
        /// Of a stream service.
        package var instances: UInt64?
        package var inFlight: UInt64?
        package var idleTimeout: UInt64?
        /// Of an exec service.
        package var lanes: UInt64?
        package var concurrency: UInt64?
        package var ackTimeout: UInt64 = 0
        package var attempts: UInt64 = 0
        package var backoff: UInt64 = 0
        package var maxBackoff: UInt64 = 0
        /// Per cent.
        package var jitter: UInt64 = 0
        package var timeLimit: UInt64?
        /// nil: no limit.
        package var retainBytes: UInt64?
        package var retainAge: UInt64?
        package var onRemove = ""
        package var directory: String?
        package var user: String?
        package var limits: [Limit] = []

        package init() {}
    }

    package struct Limit: Equatable, Sendable {
        package var name: String
        /// nil: infinity.
        package var soft: UInt64?
        package var hard: UInt64?

        package init(_ name: String, soft: UInt64?, hard: UInt64?) {
            self.name = name
            self.soft = soft
            self.hard = hard
        }
    }

    package struct Counts: Equatable, Sendable {
        package var matched: UInt64 = 0
        package var delivered: UInt64 = 0
        package var dead: UInt64 = 0
        package var dropped: [LedgerReport.Count] = []
        package var waiting: UInt64 = 0
        package var inFlight: UInt64 = 0
        package var backingOff: UInt64 = 0
        /// Of those pending: on the disk.
        package var parked: UInt64 = 0
        package var retried: UInt64 = 0
        package var launches: UInt64 = 0
        package var launchFailures: UInt64 = 0

        package init() {}

        package var pending: UInt64 { waiting &+ inFlight &+ backingOff }
    }

    package struct Times: Equatable, Sendable {
        /// How many the percentiles speak of: the latest, where they are very many.
        package var count: UInt64 = 0
        /// nil as long as there are none.
        package var p50: UInt64?
        package var p99: UInt64?

        package init() {}
    }

    package struct Failure: Equatable, Sendable {
        /// When it happened last.
        package var time: UInt64
        package var count: UInt64
        package var words: String

        package init(time: UInt64, count: UInt64, words: String) {
            self.time = time
            self.count = count
            self.words = words
        }
    }
}
