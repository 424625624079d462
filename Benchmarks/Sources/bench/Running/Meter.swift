// SPDX-License-Identifier: Apache-2.0
/// CPU time and memory of a broker: all its processes, without the programs that it runs for others.
///
/// Used by Trial before, during and after a run.
/// Invariant: a process below the broker counts unless its executable is one of the benchmark's own programs, and not the
/// broker's own.

import Foundation
import Measures

struct Meter {
    let brokers: [pid_t]
    /// The folder of the benchmark's programs.
    let programs: String

    /// Seconds on a CPU, of all threads that are alive.
    var cpuSeconds: Double {
        var total: UInt64 = 0
        for pid in processes {
            for task in tasks(pid) { total += cpuNanoseconds(schedstat: Self.text("\(task)/schedstat")) }
        }
        return Double(total) / 1e9
    }

    /// Bytes, without the mappings of Belfry's ring.
    var proportionalBytes: UInt64 {
        processes.reduce(0) { total, pid in
            total + Measures.proportionalBytes(smaps: Self.text("/proc/\(pid)/smaps"), excluding: ringMappings)
        }
    }

    /// Brokers and what is below them.
    var processes: [pid_t] {
        var found: [pid_t] = []
        var left = brokers
        while let pid = left.popLast() {
            guard brokers.contains(pid) || !isProgram(pid) else { continue }
            found.append(pid)
            for task in tasks(pid) { left += processIDs(children: Self.text("\(task)/children")) }
        }
        return found
    }

    private func tasks(_ pid: pid_t) -> [String] {
        let folder = "/proc/\(pid)/task"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" }
    }

    private func isProgram(_ pid: pid_t) -> Bool {
        guard let executable = executable(pid) else { return false }
        return executable.hasPrefix(programs) && !brokers.contains { self.executable($0) == executable }
    }

    private func executable(_ pid: pid_t) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
    }

    private static func text(_ path: String) -> String {
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return "" }
        return String(decoding: data, as: UTF8.self)
    }
}
