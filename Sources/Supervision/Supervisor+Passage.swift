// SPDX-License-Identifier: Apache-2.0
/// An update through the store, for an executable of another layout: everything ends as at a shutdown, and what is
/// undelivered is stored; then the new executable is started with the port's sockets and the locks, and reads it back.
///
/// Part of the Supervisor; decided by PassagePlan. The successor's side is at the end.
/// Invariant: port and locks are held all the time, so that nobody else takes them and no connection attempt is refused; and
/// this process stays until a successor serves.

internal import Control
internal import HotRestart
internal import LinuxIO
internal import Logging
internal import Reactor

extension Supervisor {
    /// Nanoseconds for a start that may have much to read back.
    private static let passagePatience: UInt64 = 60_000_000_000
    private static let stranger = "speaks another language"

    /// Whether the end that is under way is only one half of an update.
    var isPassing: Bool { attempt?.isPassing ?? false }

    func beginPassage(_ attempt: UpdateAttempt) {
        attempt.isPassing = true
        log.notice("going over through the store: taking nothing more, storing what is undelivered")
        tellOfPaused()
        keepLedger()
        apply(.drainAsked)
    }

    /// Everything is stored, and no role is left.
    func passOn() {
        guard let attempt, let candidate = attempt.candidate else { return }
        let passage = StorePassage(PassagePlan(patience: Self.passagePatience, at: Clock.monotonic()))
        self.passage = passage
        control.giveUp(loop)
        start(candidate.raw, attempt.order?.arguments ?? [], passage)
    }

    private func start(_ image: CInt, _ arguments: [String], _ passage: StorePassage) {
        var launcher = SuccessorLauncher()
        launcher.add("lock", folder.lockRaw)
        launcher.add("fence", folder.fenceRaw)
        if let raw = port.udp?.raw { launcher.add("udp", raw) }
        if let raw = port.tcp?.raw { launcher.add("tcp", raw) }
        // The name says it all: the port belongs to whoever started the first generation.
        if port.isInherited { launcher.add("port-is-given", folder.lockRaw) }
        do {
            let words = ["belfryd"] + (arguments.isEmpty ? ["--config", file] : arguments)
            let successor = StorePassage.Successor(try launcher.launch(image, words))
            passage.successor = successor
            successor.watch = try loop.watch(successor.channel.raw, Subject(kind: Kind.passage), .readable)
            successor.endWatch = try loop.watch(successor.process.raw, Subject(kind: Kind.passageEnd), .readable)
            log.notice("belfryd (pid \(successor.process.pid)) was started, which goes on with what is stored")
        } catch {
            tellPassage(.failed("could not be started: \(DescriptorShortage.telling(error))"))
        }
    }

    func hearPassage() {
        guard let successor = passage?.successor else { return }
        while true {
            switch successor.channel.receive() {
            case .message(.serving): tellPassage(.serving)
            case .message(.failed(let words)): tellPassage(.failed("can't go on with what is stored: \(words)"))
            case .message: tellPassage(.failed(Self.stranger))
            case .passed: tellPassage(.failed(Self.stranger))
            case .malformed: tellPassage(.failed(Self.stranger))
            case .wouldBlock: return
            // Its death, which the pidfd tells, is what counts.
            case .closed: return unwatchChannel(successor)
            }
        }
    }

    func endOfPassage() {
        guard let successor = passage?.successor else { return }
        hearPassage()
        if let watch = successor.endWatch { loop.unwatch(watch) }
        successor.endWatch = nil
        tellPassage(.ended)
    }

    /// Once a round.
    func goOnPassing() {
        guard let passage else { return }
        tellPassage(.tick)
        if passage.plan.stage == .burying {
            let isDead = passage.successor?.process.hasEnded() ?? true
            if isDead, (try? folder.isFenceFree()) ?? false { tellPassage(.buried) } else { lookAgain() }
        }
        if passage.isDone, !control.hasUnsent { isOver = true }
    }

    private func tellPassage(_ event: PassagePlan.Event) {
        guard let passage else { return }
        for effect in passage.plan.handle(event, at: Clock.monotonic()) { perform(effect, passage) }
    }

    private func perform(_ effect: PassagePlan.Effect, _ passage: StorePassage) {
        switch effect {
        case .startOwn: startOwn(passage)
        case .kill: passage.successor?.process.send(Signal.kill)
        case .commit(let failure): commit(passage, failure)
        case .giveUp(let words):
            log.critical("\(words); what is undelivered is in \(folder.segmentsPath)")
            exitStatus = 1
            passage.isDone = true
            tellUpdate(.failed("\(words); what is undelivered is kept for the next start"))
        }
    }

    private func startOwn(_ passage: StorePassage) {
        if let successor = passage.successor { unwatchChannel(successor) }
        do {
            let image = try sides.own.open()
            start(image.raw, [], passage)
        } catch {
            tellPassage(.failed("could not be started: \(DescriptorShortage.telling(error))"))
        }
    }

    private func commit(_ passage: StorePassage, _ failure: String?) {
        guard let successor = passage.successor else { return }
        if Readiness.notify(.mainPID(successor.process.pid)) { _ = Readiness.barrier(within: .seconds(5)) }
        passage.isDone = true
        if let failure {
            tellUpdate(.failed("\(failure); the former one was started again (pid \(successor.process.pid))"))
        } else {
            tellUpdate(.serving(connections: 0))
            tellUpdate(.committed)
        }
        _ = successor.channel.send(.commit)
    }

    private func unwatchChannel(_ successor: StorePassage.Successor) {
        if let watch = successor.watch { loop.unwatch(watch) }
        successor.watch = nil
    }

    // MARK: the successor

    /// We are open for business.
    func tellForerunner() {
        guard let forerunner else { return }
        forerunner.watch = try? loop.watch(forerunner.channel.raw, Subject(kind: Kind.forerunner), .readable)
        _ = forerunner.channel.send(.serving)
    }

    func hearForerunner() {
        guard let forerunner else { return }
        while true {
            switch forerunner.channel.receive() {
            case .passed(.record, let file):
                if let record = (try? TakeOver.read(record: file)) ?? nil { notes.add(record.note) }
            // Nothing else is for us.
            case .passed: continue
            case .message: continue
            case .malformed: continue
            case .wouldBlock: return
            case .closed:
                if let watch = forerunner.watch { loop.unwatch(watch) }
                self.forerunner = nil
                return
            }
        }
    }
}
