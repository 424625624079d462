// SPDX-License-Identifier: Apache-2.0
/// What supervisor and roles tell each other: one packet, one message, a kind byte and its fields (little-endian).
///
/// Sent over RoleChannel, which holds each message to whether a descriptor must come with it.
/// Invariant: `init(decoding:)` takes exactly what `encoded` makes, and nothing that is longer or shorter.

package enum RoleMessage: Equatable, Sendable {
    /// role → supervisor: everything is mapped and open, these settings are in use.
    case ready(settingsVersion: UInt64)
    /// role → supervisor: from here on it does nothing by older settings.
    case applied(settingsVersion: UInt64)
    /// worker → supervisor: a shard of a retiring slot that it holds has nothing pending any more.
    case resolved(slot: UInt8)
    /// acceptor → supervisor: more than half of the ring is held by what somebody still wants.
    case tight
    /// role → supervisor: nothing is left to do; the role exits. From the keeper: it has rested, and may be stopped.
    case drained
    /// supervisor → role: take no new work and finish what there is by `deadline`, nanoseconds of the monotonic clock.
    /// `keepSocketQueue`: what waits in the port's sockets is for a successor and stays there.
    case drain(deadline: UInt64, keepSocketQueue: Bool)
    /// supervisor → role: end now.
    case stop
    /// supervisor → committer: nobody serves any more. Store all that is undelivered, then say `stored`.
    case spill
    /// committer → supervisor: all that is undelivered is on the disk. (`drained` it says when it has rested, which may
    /// cross a `spill`.)
    case stored
    /// supervisor → committer, with a memory file: what the supervisor alone has counted, for the next checkpoint.
    case account
    /// supervisor → role, with the image (R3): go over to these settings, then say `applied`.
    case settings
    /// supervisor → acceptor and committer, with a descriptor: the page and the bell of a worker that it may not know yet.
    /// The page comes first, both before the settings with which the worker is there.
    case workerPage(index: UInt8)
    case workerBell(index: UInt8)
    /// worker → supervisor: it has dead letters and nobody who keeps them.
    case keeperWanted
    /// supervisor → role, with a stream socket: the keeper's other end of it (Wire's KeeperFrame).
    case keeper
    /// supervisor → keeper, with the end of such a socket: who has the other one, 0 for the acceptor, else a worker's
    /// index and 1.
    case keeping(place: UInt8)
    /// supervisor → keeper, with a control session's socket: answer there what was asked.
    case ask(KeeperQuestion)
    /// keeper → supervisor: the answer is written, the session is the supervisor's again.
    case answered(ticket: UInt64)
    /// role → supervisor: why it can't do its work now, or nothing if it can again.
    case trouble(String)
    /// role → supervisor: something happened to it (no process named) or to a service; the time is now.
    case incident(Incident)
    /// supervisor → acceptor, with a stream socket: the successor at its other end takes the connections and the ring. The
    /// supervisor keeps neither end: by the end of the stream each of the two learns that the other is gone.
    case handOver
    /// acceptor that has a predecessor → supervisor: everything is mapped and open, that one may begin to hand over.
    case prepared
    /// acceptor → supervisor: its successor has everything and acts; it ends without touching any of it.
    case handedOver

    /// Bytes of the longest message.
    package static let maximumCount = 266 + ControlRequest.maximumCount

    enum Kind: UInt8 {
        case ready = 1
        case drained = 2
        case drain = 3
        case stop = 4
        case applied = 5
        case resolved = 6
        case settings = 7
        case workerPage = 8
        case workerBell = 9
        case tight = 10
        case spill = 11
        case account = 12
        case keeperWanted = 16
        case keeper = 17
        case keeping = 18
        case ask = 19
        case answered = 20
        case trouble = 21
        case incident = 22
        case handOver = 23
        case prepared = 24
        case handedOver = 25
        case stored = 26

        /// Bytes of a message of this kind; of one that ends with text the fewest.
        var count: Int {
            switch self {
            case .drained, .stop, .settings, .tight, .spill, .stored, .account, .keeperWanted, .keeper, .trouble: 1
            case .handOver, .prepared, .handedOver: 1
            case .resolved, .workerPage, .workerBell, .keeping: 2
            case .ready, .applied, .answered: 9
            case .drain: 10
            case .incident: 11
            case .ask: 11
            }
        }

        var endsWithText: Bool {
            switch self {
            case .ask, .trouble, .incident: true
            default: false
            }
        }
    }

    /// Whether a descriptor comes with it.
    package var carriesDescriptor: Bool {
        switch self {
        case .settings, .workerPage, .workerBell, .account, .keeper, .keeping, .ask, .handOver: true
        case .ready, .applied, .resolved, .tight, .drained, .drain, .stop, .spill, .stored: false
        case .keeperWanted, .answered, .trouble, .incident, .prepared, .handedOver: false
        }
    }
}

/// A request on the control socket that the keeper answers.
package struct KeeperQuestion: Equatable, Sendable {
    /// Names the session.
    package var ticket: UInt64
    /// Who asks, for the audit: 255 bytes at most.
    package var asker: String
    /// Answers go to a telnet client.
    package var isTelnet: Bool
    /// As ControlRequest has it, without its end.
    package var line: String

    package init(ticket: UInt64, asker: String, isTelnet: Bool = false, line: String) {
        self.ticket = ticket
        self.asker = asker
        self.isTelnet = isTelnet
        self.line = line
    }
}
