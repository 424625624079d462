// SPDX-License-Identifier: Apache-2.0
/// The keeper's life: started when somebody wants it or an earlier one has left something, given the others' sockets, asked, and let go when it has rested.
///
/// Part of the Supervisor; called by its loop.
/// Invariant: it is told to stop only when nothing is on its way to it; a keeper that dies costs nobody what it had not said is
/// kept, as those who sent it ask for another one.

internal import Control
internal import LinuxIO
internal import Logging
internal import Reactor

extension Supervisor {
    /// How long the end of belfryd waits for what the keeper still writes. Nanoseconds.
    private static let keeperPatience: UInt64 = 2_000_000_000

    /// Once a round, behind all that was heard: does for those who want the keeper what can be done now.
    func tendKeeper() {
        joinAcceptor()
        guard keeper.isWanted || notes.isWaiting else { return }
        startKeeper()
        connectKeeper()
    }

    func askKeeper(_ line: String, _ asker: ControlAsker) {
        let question = KeeperQuestion(
            ticket: asker.ticket.number, asker: asker.peer.words, isTelnet: asker.peer.isTelnet, line: line)
        keeper.questions.append(.init(ticket: asker.ticket, words: question))
    }

    /// Each acceptor is to know each keeper: there may be replays on their way.
    private func joinAcceptor() {
        let desk = desks[Role.acceptor.place]
        guard keeper.isReady, plan[.acceptor].phase == .ready, keeper.acceptor != desk.process?.pid else { return }
        keeper.acceptor = desk.process?.pid
        keeper.wanting.insert(.acceptor)
    }

    private func startKeeper() {
        // Two at once would write to one store.
        guard keeper.process == nil, !isOver, handOver == nil, !(takeOver?.hasKeeper ?? false) else { return }
        let now = Clock.monotonic()
        guard keeper.pausedUntil <= now else { return }
        do {
            let pair = try SocketPair.make()
            let fence = try folder.fenceForRole()
            let process = try RoleLauncher.launch(
                keeper: keeper.executable, folder: keeper.folder, notes: pair.theirs, fence: fence, at: now)
            keeper.process = process
            keeper.lastWords = ""
            tellLaunched(nil, process)
            try adoptNotes(pair.takeOurs())
            process.watch = try loop.watch(process.channel.raw, Subject(kind: Kind.keeper), .readable)
        } catch {
            keeper.process?.process.send(Signal.kill)
            if keeper.process == nil {
                keeperFailed("\(keeper.executable) keeper can't be started: \(DescriptorShortage.telling(error))")
            }
        }
    }

    /// Gives those who want it a socket, and it what was asked, as soon as it is ready.
    private func connectKeeper() {
        guard keeper.isReady, let process = keeper.process else { return }
        keeper.questions.removeAll { control.descriptor(of: $0.ticket) == nil }
        for role in keeper.wanting {
            guard let customer = self.process(of: role), let pair = try? SocketPair.make() else { continue }
            let place = role.worker.map { UInt8($0 + 1) } ?? 0
            guard process.channel.send(.keeping(place: place), passing: pair.theirs.raw) == .sent else { return }
            let ours = pair.takeOurs()
            send(.keeper, passing: ours.raw, to: customer, of: role)
        }
        keeper.wanting.removeAll()
        for index in keeper.questions.indices where !keeper.questions[index].isSent {
            let question = keeper.questions[index]
            guard let raw = control.descriptor(of: question.ticket) else { continue }
            keeper.questions[index].isSent = process.channel.send(.ask(question.words), passing: raw) == .sent
        }
    }

    func receiveFromKeeper() {
        guard let process = keeper.process else { return }
        while true {
            switch process.channel.receive() {
            case .message(let message): hearKeeper(message, process)
            case .passed: process.process.send(Signal.kill)
            case .malformed: process.process.send(Signal.kill)
            case .wouldBlock: return
            // Its death, which SIGCHLD tells, is what counts.
            case .closed: return unwatch(process)
            case .failed: return unwatch(process)
            }
        }
    }

    private func hearKeeper(_ message: RoleMessage, _ process: RoleProcess) {
        switch message {
        case .ready:
            keeper.isReady = true
            keeper.isDue = false
            keeper.failures = 0
            keeper.trouble = ""
        case .answered(let number):
            guard let index = keeper.questions.firstIndex(where: { $0.ticket.number == number }) else { return }
            control.answer(keeper.questions.remove(at: index).ticket, [], loop)
        case .drained where !keeper.isWanted && !notes.isWaiting:
            // Workers notice its end, and ask again if they have something; what is asked from here on is the next one's.
            keeper.isReady = false
            _ = process.channel.send(.stop)
        case .trouble(let words) where !keeper.isReady: keeper.lastWords = words
        case .trouble(let words):
            keeper.trouble = words
            if words.isEmpty { return log.notice("keeper: can write again") }
            log.error("keeper: \(words)")
            note(.disk, "keeper", words)
        case .incident(let incident):
            log.warning("keeper: \(incident.detail)")
            note(incident, from: "keeper")
        default: break
        }
    }

    func buryKeeper(_ status: ExitStatus) {
        guard let process = keeper.process else { return }
        receiveFromKeeper()
        unwatch(process)
        let wasReady = keeper.isReady
        keeper.process = nil
        keeper.isReady = false
        keeper.acceptor = nil
        closeNotes()
        // In the middle of an answer nothing can be mended.
        for question in keeper.questions where question.isSent { control.abandon(question.ticket, loop) }
        keeper.questions.removeAll(where: \.isSent)
        guard status != .exited(0), !isOver else { return }
        let words = keeper.lastWords.isEmpty ? "" : ": \(keeper.lastWords)"
        log.warning("keeper (pid \(process.pid)) died (\(status))")
        note(.roleExit, "keeper", "died (\(status))\(words)")
        keeper.restarts += 1
        keeper.isDue = true
        if !wasReady { keeperFailed("the keeper died at its start (\(status))\(words)") }
    }

    /// It is tried again in a while; those who ask are told now.
    private func keeperFailed(_ words: String) {
        let pause = RoleLife.pause(after: keeper.failures)
        keeper.failures += 1
        keeper.trouble = words
        log.error("\(words)")
        keeper.pausedUntil = Clock.monotonic() &+ pause
        _ = loop.schedule(Subject(kind: Kind.keeperPause), at: keeper.pausedUntil)
        for question in keeper.questions {
            var reply: [UInt8] = []
            ControlReply.appendError(ControlFault("\(words); belfryd's log tells more"), to: &reply)
            control.answer(question.ticket, reply, loop)
        }
        keeper.questions.removeAll()
    }

    /// No role is left: the keeper writes what it has, for a moment at most.
    func endKeeper() {
        guard let process = keeper.process else { return }
        let deadline = Clock.monotonic() &+ Self.keeperPatience
        endNotes(until: deadline)
        _ = process.channel.send(.stop)
        guard let poller = try? Poller(capacity: 1),
            (try? poller.add(process.process.raw, token: 0, events: .readable)) != nil
        else {
            process.process.send(Signal.kill)
            return
        }
        while process.process.reap() == nil {
            let now = Clock.monotonic()
            if now >= deadline {
                process.process.send(Signal.kill)
                return
            }
            _ = try? poller.wait(timeoutNanoseconds: deadline - now)
        }
    }
}
