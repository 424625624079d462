// SPDX-License-Identifier: Apache-2.0
/// A supervisor that has taken over from the one that the test had started: its sibling, and so a child of the test.
/// Used by Broker, which follows from one to the next.
/// Invariant: it does not outlive this value, and is reaped when it has ended.

import LinuxIO

final class Generation {
    let pid: CInt
    private let process: ProcessDescriptor
    private var ended: ExitStatus?

    init(pid: CInt) throws {
        self.pid = pid
        process = try ProcessDescriptor(pid: pid)
    }

    deinit {
        guard ended == nil else { return }
        process.send(Signal.kill)
        _ = try? wait(until: .after(.seconds(10)))
    }

    var hasEnded: Bool {
        if ended == nil { ended = process.reap() }
        return ended != nil
    }

    func signal(_ signal: CInt) { process.send(signal) }

    @discardableResult
    func wait(until deadline: Deadline = .after()) throws -> ExitStatus {
        while !hasEnded {
            guard try deadline.wait(on: process.raw) else { throw TimedOut("the end of belfryd (pid \(pid))") }
        }
        return ended!
    }
}

extension Broker {
    /// Has another belfryd take over, and follows it.
    func restart() throws -> Program.Result {
        let result = try belfry(["restart"])
        if result.succeeded { try follow() }
        return result
    }

    /// The processes of all generations, by their end in order; the last one is told to end.
    func stopAll(until deadline: Deadline) throws {
        generations.last?.signal(Signal.terminate)
        for generation in generations {
            let status = try generation.wait(until: deadline)
            guard status == .exited(0) else {
                throw TimedOut("a good end of pid \(generation.pid): \(status)\n\(program.errors)")
            }
        }
    }
}
