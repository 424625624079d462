// SPDX-License-Identifier: Apache-2.0
/// A process known by a descriptor (pidfd), readable when it has ended. Used by the supervisor for its roles and by
/// workers for their services. Signals go through it, so that they never hit a stranger with the same number.
/// Invariant: `pid` was this process when the value was made; it is for showing and for its process group.

internal import CLinux
internal import Glibc

package enum ExitStatus: Equatable, Sendable, CustomStringConvertible {
    case exited(CInt)
    case signalled(CInt)

    package var description: String {
        switch self {
        case .exited(let code): "exit \(code)"
        case .signalled(let signal): "signal \(signal)"
        }
    }
}

package struct ProcessDescriptor: ~Copyable {
    package let pid: CInt
    package let descriptor: Descriptor
    package var raw: CInt { descriptor.raw }

    /// A child that was launched just now, and its pidfd.
    init(pid: CInt, owning descriptor: CInt) {
        self.pid = pid
        self.descriptor = Descriptor(owning: descriptor)
    }

    /// The process must be a child that is not reaped yet, or one that can't end meanwhile.
    package init(pid: CInt) throws(SystemCallError) {
        self.pid = pid
        descriptor = Descriptor(owning: try systemCall("pidfd_open") { belfry_pidfd_open(pid) })
    }

    /// Which process an inherited descriptor stands for; nil when that has ended and is reaped, or it is no pidfd.
    package static func pid(of raw: CInt) -> CInt? {
        let facts = (try? File.read("/proc/self/fdinfo/\(raw)", limit: 4096)) ?? []
        let line = String(decoding: facts, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Pid:") }
        return line.flatMap { CInt($0.dropFirst(5)) }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// One that somebody else has launched and passed on.
    package init(pid: CInt, owning descriptor: consuming Descriptor) {
        self.pid = pid
        self.descriptor = descriptor
    }

    /// Whether it has ended, reaped or not. Never waits; for processes that are not ours to reap, too.
    package borrowing func hasEnded() -> Bool {
        var request = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        // Holds: one struct lies where the call looks at one.
        return unsafe poll(&request, 1, 0) > 0
    }

    /// False when it has ended already.
    @discardableResult
    package borrowing func send(_ signal: CInt) -> Bool { belfry_pidfd_send_signal(descriptor.raw, signal) == 0 }

    /// To all of the process group that it leads. Only while it is not reaped: then its number can't be another's.
    @discardableResult
    package borrowing func sendToGroup(_ signal: CInt) -> Bool { kill(-pid, signal) == 0 }

    /// Its end, if it has come; the process is gone then. Never waits.
    package borrowing func reap() -> ExitStatus? {
        var status: CInt = 0
        var signalled: CInt = 0
        guard unsafe belfry_pidfd_reap(descriptor.raw, &status, &signalled) == 1 else { return nil }
        return signalled == 0 ? .exited(status) : .signalled(status)
    }

    /// Reaps some ended child that came to a subreaper, and says which; none when no child has ended.
    /// For a process that has no other children left to reap by descriptor.
    package static func reapAny() -> (pid: CInt, status: ExitStatus)? {
        var status: CInt = 0
        var signalled: CInt = 0
        let pid = unsafe belfry_reap_any(&status, &signalled)
        return pid > 0 ? (pid, signalled == 0 ? .exited(status) : .signalled(status)) : nil
    }
}
