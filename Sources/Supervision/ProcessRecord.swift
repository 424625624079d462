// SPDX-License-Identifier: Apache-2.0
/// One line of /proc/PID/stat, as far as the supervisor needs it: whose child a process is, in which group and session.
///
/// Used by Orphans to find what a dead worker left behind. See proc_pid_stat(5).
/// Invariant: parsed from behind the last parenthesis, so that a program's name can hold anything.

package struct ProcessRecord: Equatable, Sendable {
    package let parent: CInt
    package let group: CInt
    package let session: CInt

    package init?(stat line: String) {
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(separator: " ", maxSplits: 4)
        guard fields.count >= 4, let parent = CInt(fields[1]), let group = CInt(fields[2]),
            let session = CInt(fields[3])
        else { return nil }
        self.parent = parent
        self.group = group
        self.session = session
    }
}
