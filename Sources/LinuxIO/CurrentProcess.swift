// SPDX-License-Identifier: Apache-2.0
/// The process that we are: its numbers, rights, limits and ties.
/// Used by the entry points and by Supervision.
/// Invariant: what is set here holds for the whole process; tests that set something do it in a child.

internal import CLinux
internal import Glibc

package enum CurrentProcess {
    package static var pid: CInt { getpid() }
    package static var parent: CInt { getppid() }
    package static var user: UInt32 { geteuid() }
    package static var group: UInt32 { getegid() }

    /// The file that we were started from, for starting it again in another role.
    package static func executable() throws(SystemCallError) -> String { try File.linkTarget("/proc/self/exe") }

    package static func environment(_ name: String) -> String? {
        // Holds: nobody changes the environment once threads run.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// All of it, "NAME=value" each; for handing it on. Before there are threads that could change it.
    package static func environment() -> [String] {
        var lines: [String] = []
        // Holds: the table ends in null, and nobody changes it meanwhile.
        var next = unsafe belfry_environment()
        while let line = unsafe next?.pointee {
            lines.append(unsafe String(cString: line))
            unsafe next = next?.successor()
        }
        return lines
    }

    /// Orphans below us become our children, so that they can be killed and reaped.
    package static func becomeSubreaper(_ on: Bool = true) throws(SystemCallError) {
        try systemCall("subreaper") { belfry_prctl(belfry_pr_set_child_subreaper, on ? 1 : 0) }
    }

    /// Begins a session of our own, so that all that we start can be told by it. EPERM if we lead a process group.
    package static func beginSession() throws(SystemCallError) { try systemCall("setsid") { setsid() } }

    /// The name in `ps` and `top`, 15 bytes at most.
    package static func setName(_ name: String) {
        let bytes = Array(name.utf8.prefix(15)) + [0]
        // Holds: the kernel copies up to the zero during the call.
        unsafe bytes.withUnsafeBytes { _ = belfry_prctl(belfry_pr_set_name, UInt(bitPattern: $0.baseAddress)) }
    }

    /// Gives up the pages of code that only the start needed: what is used again comes back from the page cache.
    /// (madvise(2), MADV_DONTNEED.)
    package static func forgetStart() { belfry_forget_code() }

    /// From here on nothing that we or our children execute gives a right that we have not.
    package static func forbidNewRights() throws(SystemCallError) {
        try systemCall("no new privileges") { belfry_prctl(belfry_pr_set_no_new_privs, 1) }
    }

    /// Raises the soft limit of descriptors to what is allowed at most, and says what that is.
    package static func raiseDescriptorLimit() throws(SystemCallError) -> UInt64 {
        let limit = try ResourceLimit.get(.descriptors)
        try ResourceLimit.set(.descriptors, soft: limit.hard, hard: limit.hard)
        return limit.hard
    }
}
