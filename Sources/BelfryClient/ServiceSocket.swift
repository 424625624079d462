// SPDX-License-Identifier: Apache-2.0
/// The socket that Belfry gives to a service's process, found by the environment.
///
/// Used by BelfryService.
/// Invariant: it is taken over once in the life of a process, so that nobody else closes it.

internal import LinuxIO
internal import Synchronization

enum ServiceSocket {
    private static let isTaken = Mutex(false)

    /// Takes it over, to be closed when it is let go of; programs that are started from here on do not inherit it.
    static func inherited() throws(ServiceError) -> Descriptor {
        guard let value = CurrentProcess.environment("BELFRY_FD") else { throw .notStartedByBelfry }
        let wasTaken = isTaken.withLock { isTaken in
            defer { isTaken = true }
            return isTaken
        }
        guard !wasTaken else { throw .alreadyServing }
        guard let raw = CInt(value), raw > 2, SocketFacts.kind(of: raw) == .unixConnection else {
            throw .badDescriptor(value)
        }
        do throws(SystemCallError) {
            try Descriptor.setCloseOnExec(raw)
            try Descriptor.setNonBlocking(raw)
        } catch {
            throw .system(call: error.call, reason: error.reason)
        }
        return Descriptor(owning: raw)
    }
}
