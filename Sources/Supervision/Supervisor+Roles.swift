// SPDX-License-Identifier: Apache-2.0
/// What the roles say, and their ends: messages on their channels, children that have ended, what those left behind.
///
/// Part of the Supervisor; called by its loop.
/// Invariant: what a role said before its end is heard before its end is; children are reaped here alone.

internal import Control
internal import LinuxIO
internal import Logging
internal import Reactor

extension Supervisor {
    func receive(from desk: RoleDesk) {
        guard let process = desk.process else { return }
        while true {
            switch process.channel.receive() {
            case .message(let message): guard hear(message, from: desk, process) else { return refuse(desk, process) }
            case .wouldBlock: return
            case .malformed: return refuse(desk, process)
            case .passed: return refuse(desk, process)
            // Its death, which SIGCHLD tells, is what counts.
            case .closed: return unwatch(process)
            case .failed: return unwatch(process)
            }
        }
    }

    /// - Returns: false if it is nothing that this role may say.
    private func hear(_ message: RoleMessage, from desk: RoleDesk, _ process: RoleProcess) -> Bool {
        switch message {
        case .ready(let version):
            log.info("\(desk.role) (pid \(process.pid)) is ready")
            process.applied = version
            apply(.ready(desk.role))
            lookWhetherAllReady()
        case .applied(let version): process.applied = version
        case .resolved: lookAtRetiring()
        case .drained: apply(.drained(desk.role))
        case .stored where desk.role == .committer: apply(.stored)
        case .keeperWanted: keeper.wanting.insert(desk.role)
        case .incident(let incident): note(incident, from: "\(desk.role)")
        case .tight where desk.role == .acceptor: apply(.wanted(.committer))
        case .prepared where desk.role == .acceptor: tellTakeOver(.acceptorPrepared)
        case .trouble(let words) where desk.role == .committer: desk.trouble = words
        default: return false
        }
        return true
    }

    private func refuse(_ desk: RoleDesk, _ process: RoleProcess) {
        log.error("\(desk.role) (pid \(process.pid)) speaks another language: killed")
        desk.reasonKilled = "it spoke another language"
        process.process.send(Signal.kill)
        unwatch(process)
    }

    func unwatch(_ process: RoleProcess) {
        if let watch = process.watch { loop.unwatch(watch) }
        process.watch = nil
    }

    /// Children of every kind end up here: roles, and as a subreaper the orphans of services.
    func reap() {
        while let (pid, status) = ProcessDescriptor.reapAny() {
            if changes.reading?.process.pid == pid { hearSettings(status) }
            buryIfSide(pid, status)
            if acts { bury(pid, status) } else { keepDeath(pid, status) }
        }
        lookAtOrphans()
    }

    /// A child of ours has ended, and was reaped.
    func bury(_ pid: CInt, _ status: ExitStatus) {
        if keeper.process?.pid == pid { buryKeeper(status) }
        guard let desk = desks.first(where: { $0.process?.pid == pid }), let process = desk.process else { return }
        // What it said last comes first.
        receive(from: desk)
        unwatch(process)
        desk.process = nil
        desk.trouble = ""
        // One that had nothing left to do is not started again, but anew.
        if plan[desk.role].phase == .drained { desk.hasRun = false }
        keeper.wanting.remove(desk.role)
        tellDeath(of: desk.role, pid, status)
        FaultPoint.reach(.deathSeen)
        if let index = desk.role.worker { clearing[index] = pid }
        tellTakeOver(.died(desk.role))
        apply(.died(desk.role))
    }

    private func tellDeath(of role: Role, _ pid: CInt, _ status: ExitStatus) {
        if plan.isDraining || plan[role].isSurplus || plan[role].phase == .drained {
            log.info("\(role) (pid \(pid)) has ended: \(status)")
        } else {
            log.warning("\(role) (pid \(pid)) died (\(status)) and will be started again")
            if let why = desks[role.place].reasonKilled {
                note(.roleKilled, "\(role)", why)
            } else {
                note(.roleExit, "\(role)", "died (\(status))")
            }
        }
    }

    func lookAtOrphans() {
        for (index, session) in clearing where !Orphans.kill(session: session) {
            clearing[index] = nil
            if acts { apply(.cleared(.worker(index))) } else { tellCleared(index) }
        }
        if !clearing.isEmpty, !isWatchingOrphans {
            isWatchingOrphans = true
            _ = loop.schedule(Subject(kind: Kind.orphans), at: Clock.monotonic() &+ Self.glance)
        }
    }
}
