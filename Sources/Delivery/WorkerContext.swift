// SPDX-License-Identifier: Apache-2.0
/// What all shards of a worker share: the ring, the event loop, chance, the log, and how long an ending process is
/// waited for.
///
/// Made once by WorkerRole (or a test) and held by Worker, its shards and their runners.
/// Invariant: one thread uses it, the one that launches: a service's parent-death signal follows that thread.

import Control
package import Logging
package import Reactor
package import Ring

package final class WorkerContext {
    /// How long things may take that no setting speaks of, in nanoseconds.
    package struct Graces: Sendable {
        /// From SIGTERM to SIGKILL, and from a closed input to SIGTERM.
        var ending: UInt64 = 5_000_000_000
        /// A stream service that dies so early without an answer has not started.
        var start: UInt64 = 5_000_000_000
        /// How long the process behind one that died so with messages in hand gets nothing, if it can't say that it is up.
        var proving: UInt64 = 1_000_000_000
        /// From SIGTERM to SIGKILL once the time of a drain is over; the supervisor waits little longer.
        var last: UInt64 = 300_000_000

        package init() {}
    }

    /// What the process counts in its page; the numbers are known to whoever reads the page.
    enum Counter: Int {
        case launches = 0
        case launchFailures = 1
        case deliveries = 2
        case retries = 3
        /// Not a count: dead letters that the keeper does not have yet.
        case unkept = 4
    }

    let ring: RingWorker
    let failures: FailureLog
    let loop: EventLoop
    let keeper: KeeperLink
    let graces: Graces
    let log: Logger
    /// "NAME=value" of the variables that services get of ours.
    let environment: [String]
    /// nil: nothing is ever parked.
    let parking: ParkingContext?
    /// Limits that services get back before their own are set: the worker itself lives under wider ones.
    let limits: [(resource: Int32, soft: UInt64, hard: UInt64)]
    var jitter: Jitter
    /// What the supervisor is to be told of services; the same once a second at most.
    var incidents = IncidentPace(pause: 1_000_000_000)

    package init(
        ring: RingWorker, loop: EventLoop, environment: [String],
        limits: [(resource: Int32, soft: UInt64, hard: UInt64)] = [], seed: UInt64, log: Logger,
        graces: Graces = Graces(), parking: ParkingContext? = nil
    ) {
        self.ring = ring
        failures = FailureLog(ring.page)
        self.loop = loop
        keeper = KeeperLink(loop: loop)
        self.environment = environment
        self.limits = limits
        self.graces = graces
        self.parking = parking
        self.log = log
        jitter = Jitter(seed: seed)
    }

    func count(_ counter: Counter, _ amount: Int) { ring.page.count(counter.rawValue, UInt64(amount)) }
}
