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

    /// From now on the signal rings the bell, which has to live as long as the process, whichever thread it interrupts. For
    /// programs that have threads that open their masks, as Swift's own main thread does once it runs tasks.
    package static func ring(_ bell: borrowing EventCounter, on signal: CInt) throws(SystemCallError) {
        let raw = bell.raw
        try systemCall("sigaction") { belfry_ring_on_signal(signal, raw) }
    }

    /// For the calling thread, and those that it makes from now on.
    package static func block(_ signal: CInt, _ on: Bool = true) throws(SystemCallError) {
        try systemCall("signal mask") { belfry_block_signal(signal, on ? 1 : 0) }
    }

    /// A write to a pipe without a reader then fails with EPIPE instead of ending the process.
    package static func ignoreBrokenPipes() { _ = Glibc.signal(SIGPIPE, SIG_IGN) }
}
