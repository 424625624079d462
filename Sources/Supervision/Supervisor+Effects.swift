// SPDX-License-Identifier: Apache-2.0
/// What the plan decided, done: processes started and killed, words sent, the port given up, the account made.
///
/// Part of the Supervisor; called by its loop alone.
/// Invariant: an effect that fails becomes an event or ends the supervisor; none is forgotten.

internal import Control
internal import HotRestart
internal import LinuxIO
internal import Logging

extension Supervisor {
    func perform(_ effect: SupervisionPlan.Effect) {
        switch effect {
        case .launch(let role): if mayLaunch(role) { launch(desks[role.place]) }
        case .kill(let role): kill(desks[role.place])
        case .sendDrain(let role, let deadline):
            // What a change brings is granted first: else a worker ends before it knows of it.
            if role.worker != nil, changes.isOpening { return changes.drains.append((role, deadline)) }
            sendDrain(role, deadline)
        case .sendStop(let role):
            log.notice("\(role) has not finished within shutdown.grace: stopped")
            send(.stop, to: desks[role.place])
        case .sendSpill: sendSpill()
        case .clearOrphans: lookAtOrphans()
        case .beginEpoch: regions.writer.beginEpoch()
        case .wakeEveryone: ringEveryBell()
        case .share: share()
        case .announce: announce()
        case .closePort: closePort()
        case .finish: finish()
        }
    }

    func sendDrain(_ role: Role, _ deadline: UInt64) {
        send(.drain(deadline: deadline, keepSocketQueue: port.isInherited || isPassing), to: desks[role.place])
    }

    func launch(_ desk: RoleDesk) {
        do {
            let fence = try folder.fenceForRole()
            tellAccount()
            // Workers that a change brings, too: an acceptor that starts with its settings is told of them only here.
            let others = desks + changes.newDesks + (takeOver?.formerDesks ?? [])
            let predecessor = desk.role == .acceptor ? try takeOver?.connectAcceptors() : nil
            let process = try RoleLauncher.launch(
                desk, others, regions, port, segments: segments, fence: fence, predecessor: predecessor,
                at: Clock.monotonic())
            takeOver?.leaveAcceptorsEnd()
            desk.process = process
            desk.trouble = ""
            tellLaunched(desk.role, process)
            desk.reasonKilled = nil
            FaultPoint.reach(.roleLaunched)
            if desk.hasRun { desk.restarts += 1 }
            desk.hasRun = true
            watchdog.forget(desk.role)
            try watchChannel(of: desk, process)
            apply(.launched(desk.role))
        } catch {
            let reason = DescriptorShortage.telling(error)
            if let takeOver, !takeOver.plan.isCommitted {
                return tellTakeOver(.failed("its \(desk.role) could not be started: \(reason)"))
            }
            tell("could not be started, which will be tried again: \(reason)", of: desk)
            // Half started is not started: nobody would hear what it says.
            if let process = desk.process {
                process.process.send(Signal.kill)
                apply(.launched(desk.role))
            } else {
                apply(.launchFailed(desk.role))
            }
        }
    }

    private func tell(_ trouble: String, of desk: RoleDesk) {
        desk.trouble = "\(desk.role) \(trouble)"
        log.error("\(desk.trouble)")
        note(.launchFailure, "\(desk.role)", trouble)
    }

    private func kill(_ desk: RoleDesk) {
        guard let process = desk.process else { return }
        let why = reasonToKill(desk.role)
        log.warning("\(desk.role) (pid \(process.pid)) is killed: \(why)")
        desk.reasonKilled = why
        process.process.send(Signal.kill)
    }

    private func reasonToKill(_ role: Role) -> String {
        if plan.stage == .ending { return "everything ends" }
        return switch plan[role].phase {
        case .starting: "it was not ready in time"
        case .drained: "its part of shutdown.grace is over"
        default: "it has not answered for \(HumanText.setting(settings.workers.stuckAfter.nanoseconds))"
        }
    }

    /// - Parameter raw: the descriptor that goes with the message, if one does.
    func send(_ message: RoleMessage, passing raw: CInt? = nil, to desk: RoleDesk) {
        guard let process = desk.process else { return }
        send(message, passing: raw, to: process, of: desk.role)
    }

    func send(_ message: RoleMessage, passing raw: CInt? = nil, to process: RoleProcess, of role: Role) {
        switch raw.map({ process.channel.send(message, passing: $0) }) ?? process.channel.send(message) {
        // Gone: its death is on its way to us.
        case .sent, .closed: break
        case .wouldBlock, .failed:
            log.error("\(role) (pid \(process.pid)) does not listen: killed")
            process.process.send(Signal.kill)
        }
    }

    /// Ours, or one of a predecessor's that still works.
    func process(of role: Role) -> RoleProcess? {
        desks.first { $0.role == role }?.process
            ?? takeOver?.former(role).flatMap { $0.hasEnded ? nil : $0.process }
    }

    private func announce() {
        if let takeOver, !takeOver.plan.isCommitted { return lookWhetherAllReady() }
        do {
            if control.listenerRaw == nil { try control.open(loop) }
        } catch {
            log.critical("\(error)")
            exitStatus = 1
            return apply(.endAsked)
        }
        tellReady()
        tellForerunner()
    }

    func tellReady() {
        Readiness.notify(.ready, .status("listening on \(port.name)"))
        let lines = Greeting.lines(
            address: port.name, udp: port.udp != nil, tcp: port.tcp != nil, control: settings.control.socket,
            telnet: control.telnetName, tool: tool.executable
        )
        for line in lines { log.notice("\(line)") }
        CurrentProcess.forgetStart()
    }

    private func closePort() {
        sample()
        // Who follows through the store goes on with it.
        if !isPassing { port.close() }
    }

    /// Every role is dead. What the committer could not store is ours to account for.
    private func finish() {
        isOver = !isPassing
        endKeeper()
        do {
            let isKept = try plan.hasStored || isInLog()
            let report = try Account.report(regions, kernelDropped: drops.total)
            for line in Account.lines(report) { log.notice("\(line)") }
            if isKept { log.notice("\(Account.promise(report))") }
            try File.write(folder.ledgerPath, report.answer(.json).span)
        } catch {
            log.error("the last ledger could not be written to \(folder.ledgerPath): \(error)")
            exitStatus = 1
        }
        if isPassing { passOn() } else { control.close(loop) }
    }

    /// Whether what is undelivered, and was not stored at the end, is in the commit log. If not, it is given up.
    private func isInLog() throws -> Bool {
        let words = "what is undelivered could not be stored in \(folder.segmentsPath)"
        if settings.ring.durability == .disk {
            log.warning("\(words): the next start takes it from the log that lies there")
            return true
        }
        log.error("\(words): what was in memory alone is dropped (shutdown)")
        try regions.settleAll()
        return false
    }
}
