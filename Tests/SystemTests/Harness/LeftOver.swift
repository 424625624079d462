// SPDX-License-Identifier: Apache-2.0
/// Finds the processes that belong to one test: those that have a file of its scratch folder open, run in it, or name it
/// on their command line. Used after belfryd has ended, when there must be none.
/// Invariant: a process of another test, or of the machine, never names this folder, so none is ever taken for ours.

import Foundation
import LinuxIO

enum LeftOver {
    /// "pid command" each.
    static func processes(of scratch: Scratch) -> [String] {
        pids(of: scratch).map { "\($0) \(command($0))" }
    }

    static func kill(of scratch: Scratch) {
        for pid in pids(of: scratch) {
            guard let process = try? ProcessDescriptor(pid: pid), belongs(pid, scratch.path) else { continue }
            process.send(Signal.kill)
        }
    }

    static func pids(of scratch: Scratch) -> [CInt] {
        LinuxIO.Directory.names("/proc").compactMap { CInt($0) }.filter {
            $0 != CurrentProcess.pid && belongs($0, scratch.path)
        }
    }

    static func command(_ pid: CInt) -> String {
        let bytes = (try? File.read("/proc/\(pid)/cmdline", limit: 1 << 20)) ?? []
        return String(decoding: bytes.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
    }

    private static func belongs(_ pid: CInt, _ folder: String) -> Bool {
        // A zombie shows neither command line nor descriptors: it is gone but for its parent's question.
        if command(pid).contains(folder) { return true }
        let links = LinuxIO.Directory.names("/proc/\(pid)/fd").map { "/proc/\(pid)/fd/\($0)" } + ["/proc/\(pid)/cwd"]
        return links.contains { ((try? File.linkTarget($0)) ?? "").hasPrefix(folder) }
    }
}
