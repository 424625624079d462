// SPDX-License-Identifier: Apache-2.0
/// The thread of a generation that serves: hears requests and signals, starts the next generation, and hands over to it.
///
/// Started by Generation.ready. What is done when, RestartPlan decides.
/// Invariant: it alone touches the successor; while nothing is asked of it, it sleeps without a time-out.

internal import LinuxIO
internal import Synchronization

final class GenerationLoop {
    private enum Token {
        static let bell: UInt64 = 0
        static let signal: UInt64 = 1
        static let channel: UInt64 = 2
        static let process: UInt64 = 3
    }

    private let engine: GenerationEngine
    private let successorPlan: SuccessorPlan
    private let signal: SignalWatch?
    private let poller: Poller
    private var plan: RestartPlan
    private var successor: Successor?
    /// On the monotonic clock.
    private var deadline: UInt64?
    /// What the service has given, until it is sent.
    private var state: (bytes: [UInt8], descriptors: [NamedDescriptor]) = ([], [])

    private init(
        _ engine: GenerationEngine, _ options: GenerationOptions, _ successorPlan: SuccessorPlan, _ signal: SignalWatch?
    ) throws(SystemCallError) {
        self.engine = engine
        self.successorPlan = successorPlan
        self.signal = signal
        plan = RestartPlan(options, pid: CurrentProcess.pid)
        poller = try Poller(capacity: 4)
        try poller.add(engine.bell.raw, token: Token.bell, events: .readable)
        if let signal { try poller.add(signal.raw, token: Token.signal, events: .readable) }
    }

    /// All that can fail is done before there is a thread.
    static func start(
        _ engine: GenerationEngine, _ options: GenerationOptions, _ successorPlan: SuccessorPlan, _ signal: SignalWatch?
    ) throws(GenerationError) {
        do throws(SystemCallError) {
            let made = Mutex<GenerationLoop?>(try GenerationLoop(engine, options, successorPlan, signal))
            try DetachedThread.start(named: "hot-restart") {
                let loop = made.withLock { loop in
                    let taken = loop
                    loop = nil
                    return taken
                }
                loop?.run()
            }
        } catch {
            throw GenerationError(error)
        }
    }

    private func run() -> Never {
        signal?.attend()
        while true {
            let rest = deadline.map { $0 - min($0, Clock.monotonic()) }
            let count = (try? poller.wait(timeoutNanoseconds: rest)) ?? 0
            for index in 0..<count { hear(poller[index].token) }
            if let deadline, Clock.monotonic() >= deadline { take(.deadlinePassed) }
        }
    }

    private func hear(_ token: UInt64) {
        switch token {
        case Token.bell: for request in engine.takeRequests() { hear(request) }
        case Token.signal: if signal?.hasCome() == true { ask() }
        case Token.channel: read()
        // What it said before it ended counts: it may have served already.
        default:
            read()
            take(.successorEnded)
        }
    }

    private func hear(_ request: GenerationEngine.Request) {
        switch request {
        case .restart: ask()
        case .hand(let bytes, let descriptors):
            state = (bytes, descriptors)
            take(.stateGiven)
            state = ([], [])
        }
    }

    private func ask() {
        take(.asked(older: engine.kept().count { $0.name == InheritedName.generation }))
    }

    private func read() {
        guard let successor else { return }
        let goesOn = successor.read { packet in
            switch packet {
            case .takeState: take(.stateWanted)
            case .ready: take(.readySaid)
            default: return
            }
        }
        // Its end is told by its process; a channel at its end would be told again and again.
        if !goesOn { try? poller.remove(successor.channel.raw) }
    }

    private func take(_ event: RestartPlan.Event) {
        for effect in plan.take(event) { carryOut(effect) }
    }
}

// MARK: - Effects

extension GenerationLoop {
    private func carryOut(_ effect: RestartPlan.Effect) {
        switch effect {
        case .sayReloading: Readiness.notify(.reloading(at: Clock.monotonic()))
        case .sayReady: Readiness.notify(.ready)
        case .launch: launch()
        case .sendState: say(successor?.sendState(state.bytes, state.descriptors, until: deadline ?? 0))
        case .sendNoState: say(successor?.send(.handed, until: deadline ?? 0))
        case .kill: successor?.process.send(Signal.kill)
        case .forget: forget()
        case .passMainProcess: passMainProcess()
        case .sendYours: _ = successor?.send(.yours, until: 0)
        case .closeKept: engine.letGo()
        case .turn(let turn): engine.tell(turn)
        case .wait(let time): deadline = time.map(Clock.deadline(after:))
        }
    }

    private func launch() {
        do throws(GenerationError) {
            let successor = try Successor(successorPlan, handing: engine.kept())
            self.successor = successor
            try watch(successor)
        } catch {
            take(.launchFailed("the next generation can't be started: \(error)"))
        }
    }

    private func watch(_ successor: Successor) throws(GenerationError) {
        do throws(SystemCallError) {
            try poller.add(successor.channel.raw, token: Token.channel, events: .readable)
            try poller.add(successor.process.raw, token: Token.process, events: .readable)
        } catch {
            successor.process.send(Signal.kill)
            throw GenerationError(error)
        }
    }

    private func say(_ reason: String?) {
        if let reason { take(.stateLost(reason)) }
    }

    /// The service manager must know of it before the successor speaks to it, and before we end.
    private func passMainProcess() {
        guard let successor else { return }
        if Readiness.notify(.mainPID(successor.process.pid)) { Readiness.barrier(within: .seconds(5)) }
    }

    private func forget() {
        guard let successor else { return }
        try? poller.remove(successor.channel.raw)
        try? poller.remove(successor.process.raw)
        self.successor = nil
    }
}
