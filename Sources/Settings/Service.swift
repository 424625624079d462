// SPDX-License-Identifier: Apache-2.0
/// One service as its operator described it: which topics it wants, which program serves them, and how.
///
/// Workers launch and feed by it, the acceptor routes by its topics, the supervisor cuts it into shards.
/// Invariant: `shards` depends on the service alone, never on the number of workers.

extension Settings {
    package struct Service: Equatable, Sendable {
        package var name: String
        /// Patterns, as the operator wrote them.
        package var topics: [String]
        /// Path and arguments. The path holds a slash; a relative one was made absolute by SettingsFile.
        package var command: [String]
        package var mode = Mode.exec
        package var framing = Framing.lines
        /// Processes of a stream service.
        package var instances = 1
        /// Shards of an exec service.
        package var lanes = 1
        /// Processes of an exec service at the same time, over all of its lanes.
        package var concurrency = 1
        /// Messages that one stream instance may hold without having acked them.
        package var inFlight = 64
        package var ackTimeout = Duration.seconds(30)
        /// After so long without a message an instance is stopped; nil for never.
        package var idleTimeout: Duration? = .seconds(300)
        package var retry = Retry()
        package var retain = Retain()
        package var order = Order.none
        /// The folder that the command runs in; nil for the root folder.
        package var directory: String?
        package var environment: [Variable] = []
        /// nil: as the worker itself runs.
        package var credentials: Credentials?
        package var limits: [Limit] = []
        package var onRemove = OnRemove.drain
        package var renamedFrom: String?
        /// Where it stands in the ring; the supervisor's images have it for every service, what was read from a file not.
        package var placement: Placement?

        package init(name: String, topics: [String], command: [String]) {
            self.name = name
            self.topics = topics
            self.command = command
        }

        /// How many shards the service is cut into: what is granted to workers, one lease each.
        package var shards: Int {
            if order == .all { return 1 }
            return mode == .exec ? lanes : instances
        }

        /// Whether its processes are spoken to in frames, over a socket.
        package var usesFrames: Bool { mode == .stream && framing == .frames }

        /// Places in the in-flight table of each shard: what it may have in flight, and as many again that back off.
        package var tableCapacity: Int { (2 * max(inFlight, concurrency) + 63) / 64 * 64 }
    }
}

extension Settings.Service {
    // The raw values of these are part of the image.

    package enum Mode: UInt8, CaseIterable, Sendable {
        case exec = 0
        case stream = 1
    }

    package enum Framing: UInt8, CaseIterable, Sendable {
        case lines = 0
        case frames = 1
    }

    /// Which messages must be handed out one after the other.
    package enum Order: UInt8, CaseIterable, Sendable {
        case none = 0
        case source = 1
        case topic = 2
        case all = 3
    }

    /// What becomes of pending messages when the service is taken out of the configuration.
    package enum OnRemove: UInt8, CaseIterable, Sendable {
        case drain = 0
        case dead = 1
        case drop = 2

        /// As what a service retires that is taken out.
        package var state: Placement.State {
            switch self {
            case .drain: .draining
            case .dead: .burying
            case .drop: .dropping
            }
        }
    }

    /// A service's place in the ring, and whether it is there to stay.
    package struct Placement: Equatable, Hashable, Sendable {
        /// The raw value is part of the image.
        package enum State: UInt8, CaseIterable, Sendable {
            case active = 0
            /// It retires: what is pending is delivered, nothing new is routed to it.
            case draining = 1
            /// It retires: what is pending and not handed out is dropped.
            case dropping = 2
            /// It retires: what is pending and not handed out becomes dead letters.
            case burying = 3
        }

        package var slot: Int
        package var incarnation: UInt64
        package var state: State

        package init(slot: Int, incarnation: UInt64, state: State) {
            self.slot = slot
            self.incarnation = incarnation
            self.state = state
        }
    }

    package struct Retry: Equatable, Sendable {
        package var attempts = 5
        package var backoff = Duration.seconds(1)
        package var maxBackoff = Duration.seconds(300)
        /// Per cent by which a wait is longer or shorter, at random.
        package var jitter = 25
        /// How long after its first failure a message is tried again; nil for as long as its attempts last.
        package var timeLimit: Duration?

        package init() {}
    }

    /// How much may wait for the service, and how long: what is over it is dropped, the oldest first. nil: no limit.
    package struct Retain: Equatable, Sendable {
        /// Topic, source, decoded member and body of what is pending.
        package var bytes: Int?
        /// Since it was received.
        package var age: Duration?

        package init() {}
    }

    package struct Variable: Equatable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The user that the service runs as, looked up when the settings were read.
    package struct Credentials: Equatable, Sendable {
        package var user: String
        package var uid: UInt32
        package var gid: UInt32
        package var groups: [UInt32]

        package init(user: String, uid: UInt32, gid: UInt32, groups: [UInt32]) {
            self.user = user
            self.uid = uid
            self.gid = gid
            self.groups = groups
        }
    }

    /// One rlimit. `UInt64.max` is no limit, as RLIM_INFINITY.
    package struct Limit: Equatable, Sendable {
        package var name: String
        /// RLIMIT_… as the kernel numbers it.
        package var resource: Int32
        package var soft: UInt64
        package var hard: UInt64

        package init(name: String, resource: Int32, soft: UInt64, hard: UInt64) {
            self.name = name
            self.resource = resource
            self.soft = soft
            self.hard = hard
        }
    }
}
