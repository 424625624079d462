// SPDX-License-Identifier: Apache-2.0
/// What a dead worker left behind: services that it had started, and theirs.
///
/// A worker leads a session of its own; its orphans become children of the supervisor (a subreaper) and keep that
/// session. Used by the Supervisor, again and again until nothing is left, before the worker's successor may start.
/// Invariant: only processes in the dead worker's session are killed; of our own worker's only our own children.

internal import LinuxIO

enum Orphans {
    /// Kills what is there now. What those had started themselves shows up at the next call.
    /// - Returns: whether there was anything, dead or alive, that has not been reaped.
    static func kill(session: CInt) -> Bool {
        var found = false
        for pid in Directory.names("/proc").lazy.compactMap({ CInt($0) }) {
            guard let record = ProcessRecord(of: pid), record.parent == CurrentProcess.pid, record.session == session
            else {
                continue
            }
            found = true
            // Our child, and not reaped: its number can't have become another's.
            guard let process = try? ProcessDescriptor(pid: pid) else { continue }
            if record.group == pid { process.sendToGroup(Signal.kill) }
            process.send(Signal.kill)
        }
        return found
    }

    /// The same for what a worker of another supervisor has left, which is nobody's child that we know: that supervisor
    /// is dead, too. The worker itself must be dead.
    /// - Returns: whether anything was alive.
    static func killStrangers(session: CInt) -> Bool {
        // The number stays taken as long as the session has a process. Is there a living one of that number itself, the
        // session is another's.
        if let leader = ProcessRecord(of: session), !leader.isZombie { return false }
        var found = false
        for pid in Directory.names("/proc").lazy.compactMap({ CInt($0) }) {
            guard let record = ProcessRecord(of: pid), record.session == session, !record.isZombie else { continue }
            found = true
            guard let process = try? ProcessDescriptor(pid: pid), ProcessRecord(of: pid)?.session == session else {
                continue
            }
            process.send(Signal.kill)
        }
        return found
    }
}
