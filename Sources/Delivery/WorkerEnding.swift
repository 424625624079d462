// SPDX-License-Identifier: Apache-2.0
/// How a worker comes to its end: serving, draining, waiting for its services to end, finished.
///
/// Pure; Worker asks it each round and ends its runners as it says.
/// Invariant: it goes forward only, and is finished only when no process is left.

struct WorkerEnding: Equatable {
    enum Phase: Equatable {
        case serving
        /// Delivering what is waiting.
        case draining
        /// Nothing is left that could be delivered; the services are asked to end.
        case closing
        /// The services are made to end.
        case ending
        case finished
    }

    private(set) var phase = Phase.serving
    /// Monotonic nanoseconds at which it goes on in any case; `.max` if there is no such time.
    private(set) var deadline = UInt64.max
    /// Whether it ended because nothing was left to be delivered.
    private(set) var isDrained = false
    private var wanted: ProcessEnding.Step?

    mutating func drain(deadline: UInt64) {
        guard phase == .serving else { return }
        phase = .draining
        self.deadline = deadline
    }

    /// Ends the services without delivering what is waiting: `terminated` with a short grace, or `killed`.
    mutating func stop(_ step: ProcessEnding.Step) { wanted = step }

    /// Goes on, if the time has come.
    /// - Returns: how far the services' processes are to be ended now, or nil if nothing is to be done.
    mutating func advance(now: UInt64, isIdle: Bool, running: Int) -> ProcessEnding.Step? {
        var step: ProcessEnding.Step?
        if let wanted, phase != .finished {
            self.wanted = nil
            phase = .ending
            deadline = .max
            step = wanted
        } else if phase == .draining, isIdle {
            phase = .closing
            isDrained = true
            step = .asked
        } else if phase == .draining || phase == .closing, now >= deadline {
            phase = .ending
            deadline = .max
            step = .terminated
        }
        if phase == .closing || phase == .ending, running == 0 { phase = .finished }
        return step
    }
}
