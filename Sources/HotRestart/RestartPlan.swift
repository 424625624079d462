// SPDX-License-Identifier: Apache-2.0
/// What an older generation does at each step of a restart.
///
/// Pure: an event in, effects out. GenerationLoop brings the events and carries the effects out.
/// Invariant: until the successor has said that it is ready, every way leads back to `serving`, and only once the
/// successor has ended; from then on there is no way back.

struct RestartPlan {
    enum State: Equatable {
        /// Alone.
        case serving
        /// A successor initialises.
        case starting
        /// The successor waits for the state, and we for the service to give it.
        case asking
        /// The successor is to end, for that reason.
        case stopping(String)
        /// The successor serves.
        case draining
    }

    enum Event: Equatable {
        /// By signal or by call; so many older generations still run.
        case asked(older: Int)
        case launchFailed(String)
        case stateWanted
        case stateGiven
        /// The state could not be sent.
        case stateLost(String)
        case readySaid
        case successorEnded
        case deadlinePassed
    }

    enum Effect: Equatable {
        case sayReloading
        case launch
        case sendState
        case sendNoState
        case kill
        /// It has ended, or is on its own: let go of what we had of it.
        case forget
        case sayReady
        /// Our main process is another one now; the successor may say so itself once that is known.
        case passMainProcess
        case sendYours
        /// The duplicates of what the service has: its sockets are to be closed when it closes them.
        case closeKept
        case turn(Turn)
        case wait(Duration?)
    }

    private(set) var state = State.serving
    private let options: GenerationOptions
    private let pid: CInt

    init(_ options: GenerationOptions, pid: CInt) {
        self.options = options
        self.pid = pid
    }

    mutating func take(_ event: Event) -> [Effect] {
        switch (state, event) {
        case (.serving, .asked(let older)): return begin(older)
        case (.starting, .launchFailed(let reason)): return goOn(reason)
        case (.starting, .stateWanted): return askForState()
        case (.asking, .stateGiven):
            state = .starting
            return [.sendState]
        case (.starting, .stateLost(let reason)), (.asking, .stateLost(let reason)): return stop(reason)
        case (.starting, .readySaid), (.asking, .readySaid): return handOver()
        case (.starting, .successorEnded), (.asking, .successorEnded):
            return goOn("the next generation ended before it was ready; its own log or its standard error says why")
        case (.stopping(let reason), .successorEnded): return goOn(reason)
        case (.starting, .deadlinePassed), (.asking, .deadlinePassed):
            return stop("the next generation was not ready within \(options.readyTimeout), and was ended")
        case (.draining, .deadlinePassed): return [.wait(nil), .turn(.overdue)]
        default: return []
        }
    }

    private mutating func begin(_ older: Int) -> [Effect] {
        // Process 1 has no parent to leave the next generation to, and takes its container with it when it ends.
        guard pid != 1 else {
            return [.turn(.failed("process 1 can't be followed by another; start the service below an init process"))]
        }
        let limit = max(2, options.maximumGenerations)
        guard older + 2 <= limit else {
            let sentence =
                "\(older) older generations have not finished their work yet, and \(limit) may run at once at most; "
                + "wait until one of them has ended, or end it"
            return [.turn(.failed(sentence))]
        }
        state = .starting
        return [.sayReloading, .wait(options.readyTimeout), .launch]
    }

    private mutating func askForState() -> [Effect] {
        guard options.handsState else { return [.sendNoState] }
        state = .asking
        return [.turn(.handOver)]
    }

    private mutating func stop(_ reason: String) -> [Effect] {
        state = .stopping(reason)
        return [.wait(nil), .kill]
    }

    private mutating func goOn(_ reason: String) -> [Effect] {
        state = .serving
        return [.wait(nil), .forget, .sayReady, .turn(.failed(reason))]
    }

    private mutating func handOver() -> [Effect] {
        state = .draining
        return [.passMainProcess, .sendYours, .forget, .closeKept, .wait(options.drainTimeout), .turn(.drain)]
    }
}
