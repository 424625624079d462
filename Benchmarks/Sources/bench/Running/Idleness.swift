// SPDX-License-Identifier: Apache-2.0
/// What a broker does while nobody wants anything of it: CPU time, and system calls where strace is there to count them.
///
/// Used by row 9.
/// Invariant: CPU time and calls are counted one after the other, as strace costs the one whose calls it counts.

import Foundation
import Measures
import Report

struct Idleness {
    let stage: Stage
    let meter: Meter

    /// Long enough for timers of a few seconds.
    private static let seconds = 6.0
    /// What was begun at the start is done by then.
    private static let settling = 1.0

    func observe(round: Int) throws -> RunResult {
        pause(Self.settling)
        var result = RunResult(round: round)
        let (start, before) = (now(), meter.cpuSeconds)
        pause(Self.seconds)
        result[.idleCPU] = (meter.cpuSeconds - before) / (now() - start) * 1e6
        result[.idleCalls] = try calls()
        return result
    }

    /// System calls a second; nil without strace.
    private func calls() throws -> Double? {
        guard let strace = try? stage.tools.peer("strace") else { return nil }
        let table = stage.path("strace.table")
        let processes = meter.processes.flatMap { ["-p", "\($0)"] }
        let tracer = try stage.start("strace", [strace, "-f", "-c", "-o", table] + processes)
        pause(Self.seconds)
        // SIGTERM: it lets go of them and writes its table.
        tracer.end()
        let text = (try? String(contentsOfFile: table, encoding: .utf8)) ?? ""
        return Double(straceCalls(table: text)) / Self.seconds
    }
}
