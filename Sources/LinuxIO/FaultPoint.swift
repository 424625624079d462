// SPDX-License-Identifier: Apache-2.0
/// The moments at which a death would be worst, by name: a debug build can be told to die at one of them, as by `kill -9`.
/// Reached by every role at the steps that docs/ring.md puts in order; used by FaultTests, which go through all of them.
///
/// BELFRY_FAULT=NAME:N dies at the N-th passing of that point in one process; NAME:N:stop stands still there, as by
/// `kill -STOP`. BELFRY_FAULT_MARK=FILE is made then, and as long as it is there nobody dies: the successor lives.
/// Invariant: in a release build a point is nothing, neither an instruction nor a variable that is looked at.

internal import Glibc

@usableFromInline
package enum FaultPoint: String, CaseIterable, Sendable {
    // The acceptor, in the order of a round.
    case datagramsCleared = "acceptor.datagrams-cleared"
    case datagramBatchNumbered = "acceptor.datagram-batch-numbered"
    case datagramsRead = "acceptor.datagrams-read"
    case senderPlaceCleared = "acceptor.sender-place-cleared"
    case senderPlaceTaken = "acceptor.sender-place-taken"
    case recordWritten = "acceptor.record-written"
    case intakeTotalsWritten = "acceptor.totals-written"
    case headStored = "acceptor.head-stored"
    case sendersEntered = "acceptor.senders-entered"
    case bellsRung = "acceptor.bells-rung"
    case acksSent = "acceptor.acks-sent"
    case settingsWrittenDown = "acceptor.settings-written-down"
    case acceptorWentOver = "acceptor.went-over"

    // An acceptor that hands over, ...
    case handOverFrozen = "hand-over.frozen"
    case handOverPortion = "hand-over.portion"
    case handOverSent = "hand-over.sent"
    case handOverTaken = "hand-over.taken"
    // ... and the one that takes over.
    case takeOverStarted = "take-over.started"
    case takeOverPrepared = "take-over.prepared"
    case takeOverBegun = "take-over.begun"
    case takeOverConnection = "take-over.connection"
    case takeOverAll = "take-over.all"
    case takeOverTaken = "take-over.taken"

    // A worker, in the order of a delivery.
    case shardOpened = "worker.shard-opened"
    case entryWritten = "worker.entry-written"
    case serviceLaunched = "worker.service-launched"
    case handedOut = "worker.handed-out"
    case answerRead = "worker.answer-read"
    case outcomeSet = "worker.outcome-set"
    case entryFreed = "worker.entry-freed"
    case backedOff = "worker.backed-off"
    case shardTotalsWritten = "worker.totals-written"
    case floorTurned = "worker.floor-turned"
    case sleepAnnounced = "worker.sleep-announced"
    case workerWentOver = "worker.went-over"
    case shardClosed = "worker.shard-closed"
    case shardLetGo = "worker.shard-let-go"
    // When records leave the ring, and when they come back.
    case shardFrozen = "worker.shard-frozen"
    case parkedFromStored = "worker.parked-from-stored"
    case parkedToStored = "worker.parked-to-stored"
    case parkedTaken = "worker.parked-taken"
    case parkedPassed = "worker.parked-passed"
    case settledBelowFloor = "worker.settled-below-floor"

    // The committer, in the order of a commit, and of a spill.
    case logWritten = "committer.log-written"
    case logCommitted = "committer.log-committed"
    case freezeAsked = "committer.freeze-asked"
    case spillWritten = "committer.spill-written"
    case spillCheckpointed = "committer.spill-checkpointed"
    case spillTold = "committer.spill-told"
    case checkpointWritten = "committer.checkpoint-written"
    case filesRemoved = "committer.files-removed"

    // The keeper: what is to be kept, ...
    case lettersRead = "keeper.letters-read"
    case lettersKept = "keeper.letters-kept"
    case keptTold = "keeper.kept-told"
    // ... what is asked, ...
    case questionHeard = "keeper.question-heard"
    case lettersDropped = "keeper.letters-dropped"
    // ... and what is delivered again.
    case replayNumbered = "keeper.replay-numbered"
    case acceptorGreeted = "keeper.acceptor-greeted"
    case replaySent = "keeper.replay-sent"
    case replayEnded = "keeper.replay-ended"
    case replayRefused = "keeper.replay-refused"

    // The supervisor, in the order of a change of the settings.
    case slotsInstalled = "supervisor.slots-installed"
    case imageGiven = "supervisor.image-given"
    case slotsBound = "supervisor.slots-bound"
    case grantsPublished = "supervisor.grants-published"
    case slotFreed = "supervisor.slot-freed"
    case roleLaunched = "supervisor.role-launched"
    case deathSeen = "supervisor.death-seen"

    // The supervisor that another one takes over from, ...
    case updateStaged = "update.staged"
    case updateTried = "update.tried"
    case rolesGiven = "update.roles-given"
    case mainPIDTold = "update.main-pid-told"
    // ... and that one.
    case followerStarted = "update.follower-started"
    case successorStarted = "update.successor-started"
    case successorPrepared = "update.successor-prepared"
    case successorAdopts = "update.successor-adopts"
    case successorAsksAcceptor = "update.successor-asks-acceptor"
    case successorServing = "update.successor-serving"
    case successorSettles = "update.successor-settles"

    // The shadow run of an update, by the belfryd that is to come.
    case shadowBegun = "shadow.begun"
    case shadowBrokerStarted = "shadow.broker-started"
    case shadowCanarySent = "shadow.canary-sent"
    case shadowJudged = "shadow.judged"
    /// Not a death, but what a broker would do that loses a message.
    case canaryLost = "canary.lost"

    /// Whose it is: "acceptor".
    package var role: String { String(rawValue.prefix { $0 != "." }) }

    #if DEBUG
        /// What a supervisor passes on to its roles.
        package static let variables = ["BELFRY_FAULT", "BELFRY_FAULT_MARK"]

        /// Which point is meant, and how many of its passings are left.
        // Holds: a role reaches its points on one thread.
        private nonisolated(unsafe) static var plan: (point: FaultPoint, passings: Int, signal: CInt)? = {
            let words = CurrentProcess.environment("BELFRY_FAULT")?.split(separator: ":") ?? []
            guard words.count >= 2, let point = FaultPoint(rawValue: String(words[0])), let count = Int(words[1])
            else { return nil }
            return (point, count, words.count == 2 ? SIGKILL : SIGSTOP)
        }()

        package static func reach(_ point: FaultPoint) {
            guard let signal = unsafe plan?.signal, strikes(at: point) else { return }
            kill(getpid(), signal)
        }

        /// Whether this is the moment that is meant, where something worse than a death is to happen.
        package static func strikes(at point: FaultPoint) -> Bool {
            guard unsafe plan?.point == point else { return false }
            unsafe plan?.passings -= 1
            return unsafe plan?.passings == 0 && isFirst
        }

        private static var isFirst: Bool {
            guard let path = CurrentProcess.environment("BELFRY_FAULT_MARK") else { return true }
            // Holds: the path is lent for the call.
            return unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) >= 0
        }
    #else
        package static let variables: [String] = []

        @inlinable @inline(__always) package static func reach(_ point: FaultPoint) {}
        @inlinable @inline(__always) package static func strikes(at point: FaultPoint) -> Bool { false }
    #endif
}
