// SPDX-License-Identifier: Apache-2.0
/// One line of /proc/PID/stat, as far as the supervisor needs it: what a process waits for, whose child it is, in which
/// group and session.
///
/// Used by Orphans to find what a dead worker left behind, and to tell a slow disk from a hang. See proc_pid_stat(5).
/// Invariant: parsed from behind the last parenthesis, so that a program's name can hold anything.

internal import LinuxIO

package struct ProcessRecord: Equatable, Sendable {
    /// It sleeps in a call that nothing can interrupt, death neither: as a rule it waits for a disk.
    package let isInDisk: Bool
    /// It has ended, and its parent has not taken note.
    package let isZombie: Bool
    package let parent: CInt
    package let group: CInt
    package let session: CInt

    package init?(stat line: String) {
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(separator: " ", maxSplits: 4)
        guard fields.count >= 4, let parent = CInt(fields[1]), let group = CInt(fields[2]),
            let session = CInt(fields[3])
        else { return nil }
        isInDisk = fields[0] == "D"
        isZombie = fields[0] == "Z"
        self.parent = parent
        self.group = group
        self.session = session
    }

    /// As the kernel tells it now; nil if there is no such process.
    init?(of pid: CInt) {
        guard let bytes = try? File.read("/proc/\(pid)/stat", limit: 4096) else { return nil }
        self.init(stat: String(decoding: bytes, as: UTF8.self))
    }
}
