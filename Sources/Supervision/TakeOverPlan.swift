// SPDX-License-Identifier: Apache-2.0
/// What a supervisor does that takes over from another one: the decisions, without a process, a clock or a socket.
/// HandOverPlan has the other one's.
///
/// The Supervisor tells it what happened and carries out the effects, in their order. docs/upgrade.md is its prose.
/// Invariant: nothing is touched before `adopt` or `beginAlone`; shards move and the committer changes only when all of the
/// new processes that come before them work; whatever goes wrong while the predecessor lives ends in `fail`, as that
/// one can act again.

package struct TakeOverPlan: Equatable, Sendable {
    package enum Stage: Equatable, Sendable {
        /// Nothing is ours yet.
        case waiting
        /// The predecessor has died before anything was ours, and its roles are dying.
        case alone
        /// We act: acceptor and workers are being started.
        case replacing
        /// They work; the committer changes.
        case storing
        /// All roles work, and the predecessor was told.
        case serving
        /// We are the service.
        case committed
        /// We end, and the predecessor acts again.
        case failed
    }

    package enum Event: Equatable, Sendable {
        case yours
        case predecessorDied
        /// No process of the predecessor is left.
        case fenceFree
        /// Our acceptor can take over.
        case acceptorPrepared
        /// Acceptor and workers are ready.
        case serversReady
        /// All roles are.
        case allReady
        /// A role of ours has died.
        case died(Role)
        /// A role of the predecessor's has, without having been told to end, and before it had to.
        case formerDied(Role)
        case commit
        case failed(String)
    }

    package enum Effect: Equatable, Sendable {
        /// The former roles are ours; ours are to be started.
        case adopt
        /// As after the death of all roles.
        case beginAlone
        /// Look whether the predecessor's roles have gone, until they have.
        case watchFence
        case handOverAcceptor
        case replaceCommitter
        case saySo
        /// We are the service: write that down, and let everything move that had to wait.
        case settle
        /// The acceptor that was to take over has nobody to take over from.
        case replaceAcceptor
        case fail(String)
    }

    package private(set) var stage = Stage.waiting
    private var hasPredecessor = true

    package init() {}

    /// Whether the Supervisor may do what it does as a rule.
    package var acts: Bool {
        switch stage {
        case .waiting, .alone, .failed: false
        case .replacing, .storing, .serving, .committed: true
        }
    }

    package var isCommitted: Bool { stage == .committed }
    /// Whether shards may pass to the new workers.
    package var mayShare: Bool { stage == .storing || stage == .serving || stage == .committed }
    /// Whether the committer may be started.
    package var mayStore: Bool { mayShare }

    package mutating func handle(_ event: Event) -> [Effect] {
        switch (stage, event) {
        case (.failed, _): return []
        case (.committed, .formerDied), (.committed, .died), (.committed, .predecessorDied): return []
        case (.waiting, .yours):
            stage = .replacing
            return [.adopt]
        case (.waiting, .predecessorDied):
            stage = .alone
            hasPredecessor = false
            return [.watchFence]
        case (.alone, .fenceFree):
            stage = .committed
            return [.beginAlone, .settle]
        case (_, .predecessorDied): return loseIt()
        case (.replacing, .acceptorPrepared): return [.handOverAcceptor]
        case (.replacing, .serversReady):
            stage = .storing
            return [.replaceCommitter]
        case (.storing, .allReady):
            stage = .serving
            return [.saySo]
        case (.serving, .commit):
            stage = .committed
            return [.settle]
        case (_, .died(let role)) where hasPredecessor: return fail("its \(role) died")
        case (.replacing, .formerDied(let role)) where hasPredecessor:
            return fail("the \(role) of the running belfryd died meanwhile")
        case (_, .failed(let words)): return fail(words)
        // Nothing that would mean anything now.
        case (_, _): return []
        }
    }

    private mutating func fail(_ words: String) -> [Effect] {
        stage = .failed
        return [.fail(words)]
    }

    /// It has died while we act. Its roles die with it, which is for us as any death.
    private mutating func loseIt() -> [Effect] {
        hasPredecessor = false
        let wasReplacing = stage == .replacing
        stage = .committed
        return (wasReplacing ? [.replaceAcceptor] : []) + [.replaceCommitter, .settle]
    }
}
