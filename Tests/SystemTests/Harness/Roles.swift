// SPDX-License-Identifier: Apache-2.0
/// The role processes of a broker, found as the supervisor's children, for tests that kill them.
/// Invariant: a process that is signalled was a child of this test's belfryd a moment before, held by a pidfd.

import LinuxIO
import Testing

enum Roles {
    /// The children of the supervisor whose command line has this role.
    static func pids(_ role: String, of broker: Broker) -> [CInt] {
        pids(of: broker).filter {
            let command = LeftOver.command($0)
            return ["belfryd", "belfry"].contains {
                command.hasPrefix("\($0) \(role)") || command.contains("/\($0) \(role)")
            }
        }
    }

    /// All the children of the supervisor.
    static func pids(of broker: Broker) -> [CInt] {
        let path = "/proc/\(broker.supervisor)/task/\(broker.supervisor)/children"
        let text = (try? File.read(path, limit: 65_536)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: " ").compactMap { CInt($0) }
    }

    /// Signals the role's process (one of the workers, in turn by `round`); false if none runs at the moment.
    @discardableResult
    static func signal(_ signal: CInt, _ role: String, of broker: Broker, round: Int = 0) -> Bool {
        let all = pids(role, of: broker).sorted()
        guard !all.isEmpty, let process = try? ProcessDescriptor(pid: all[round % all.count]) else { return false }
        return process.send(signal)
    }

    /// Kills the role, and waits until another process has taken its place.
    static func killAndReplace(_ role: String, of broker: Broker) throws {
        let before = Set(pids(role, of: broker))
        #expect(!before.isEmpty)
        signal(Signal.kill, role, of: broker)
        _ =
            try broker.scratch.poll("another \(role)") {
                Set(pids(role, of: broker)).subtracting(before).isEmpty ? nil : true
            } as Bool
    }

    /// The memory that the role's processes hold.
    static func residentKilobytes(_ role: String, of broker: Broker) throws -> Int {
        try pids(role, of: broker).reduce(0) { try $0 + number("VmRSS:", of: $1) }
    }

    /// How often the role's processes have gone to sleep, which is how often they were woken.
    static func sleeps(_ role: String, of broker: Broker) throws -> Int {
        try pids(role, of: broker).reduce(0) { try $0 + number("voluntary_ctxt_switches:", of: $1) }
    }

    /// A number of /proc/PID/status.
    private static func number(_ key: String, of pid: CInt) throws -> Int {
        let text = String(decoding: try File.read("/proc/\(pid)/status", limit: 65_536), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(key) } ?? ""
        return Int(line.dropFirst(key.count).filter(\.isNumber)) ?? 0
    }
}
