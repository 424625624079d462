// SPDX-License-Identifier: Apache-2.0
/// A thread of our own inside somebody else's program: it ends by itself, and takes no signal meant for the program.
/// Used by BelfryClient, whose callers keep their own threads and their own signal handlers.
/// Invariant: all signals are blocked in it from its first instruction on; its memory is given back at its end.

internal import Glibc

package enum DetachedThread {
    /// `name` shows in `ps -L` and `top -H`; 15 bytes at most.
    package static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemCallError) {
        let box = Box {
            CurrentProcess.setName(name)
            body()
        }
        // Holds: the one reference made here is taken over by the thread, or released below if there is none.
        let argument = unsafe Unmanaged.passRetained(box)
        let code = withSignalsBlocked {
            var thread = pthread_t()
            let code = unsafe pthread_create(
                &thread, nil,
                { argument in
                    unsafe Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
                    return nil
                }, argument.toOpaque())
            if code == 0 { pthread_detach(thread) }
            return code
        }
        guard code == 0 else {
            unsafe argument.release()
            throw SystemCallError(call: "pthread_create", code: code)
        }
    }

    /// A new thread inherits the mask of the one that makes it.
    private static func withSignalsBlocked(_ body: () -> CInt) -> CInt {
        var all = sigset_t()
        var before = sigset_t()
        // Holds: both sets are ours; none of these can fail with them.
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        return body()
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
