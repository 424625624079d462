// SPDX-License-Identifier: Apache-2.0
/// Signals as things to read (signalfd). Made by each role before it starts any thread, so that all threads
/// inherit the mask and a signal comes out here and nowhere else.
/// Invariant: the signals named stay blocked for the life of the thread that made it, even after this value is gone.

internal import CLinux
internal import Glibc

package struct SignalDescriptor: ~Copyable {
    package let descriptor: Descriptor
    package var raw: CInt { descriptor.raw }

    package init(blocking signals: [CInt]) throws(SystemCallError) {
        descriptor = Descriptor(
            owning: try systemCall("signalfd") { unsafe belfry_signalfd(signals, CInt(signals.count)) })
    }

    /// The next signal that has come, or none.
    package borrowing func next() -> CInt? {
        var signal: CInt = 0
        return unsafe belfry_signalfd_next(descriptor.raw, &signal) == 1 ? signal : nil
    }

    /// How many threads of this process the signal could still interrupt, or end with all the others: those that were
    /// there before it was blocked.
    package static func threadsOpen(to signal: CInt) -> Int {
        Directory.names("/proc/self/task").count { thread in
            // A thread that has ended meanwhile takes no signal.
            let status = (try? File.read("/proc/self/task/\(thread)/status", limit: 65_536)) ?? []
            let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
            let mask = lines.first { $0.hasPrefix("SigBlk:") }?.dropFirst(8)
            return mask.flatMap { UInt64($0, radix: 16) }.map { $0 >> UInt64(signal - 1) & 1 == 0 } ?? false
        }
    }
}

/// The signals that roles and their tests speak of, so that they need no C library for them.
package enum Signal {
    package static var hangup: CInt { SIGHUP }
    package static var interrupt: CInt { SIGINT }
    package static var terminate: CInt { SIGTERM }
    package static var kill: CInt { SIGKILL }
    package static var stop: CInt { SIGSTOP }
    package static var resume: CInt { SIGCONT }
    package static var child: CInt { SIGCHLD }
    package static var pipe: CInt { SIGPIPE }
    package static var user1: CInt { SIGUSR1 }
    package static var user2: CInt { SIGUSR2 }

    /// A write to a pipe without a reader then fails with EPIPE instead of ending the process.
    package static func ignoreBrokenPipes() { _ = Glibc.signal(SIGPIPE, SIG_IGN) }
}
