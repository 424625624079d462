// SPDX-License-Identifier: Apache-2.0
/// What the service manager is told (sd_notify(3)): ready, stopping, status, and which process is the main one.
/// Used by Supervision alone. Without a service manager every call does nothing.
/// Invariant: one call is one datagram, so that its assignments take effect together.

internal import CSystemd
internal import LinuxIO

package enum Readiness {
    package enum Notice: Equatable, Sendable {
        case ready
        case stopping
        /// Going over to other settings, from now (monotonic nanoseconds) until `ready` is said again.
        case reloading(at: UInt64)
        /// A line for people; what would break the line becomes a space.
        case status(String)
        case mainPID(CInt)

        var assignment: String {
            switch self {
            case .ready: "READY=1"
            case .stopping: "STOPPING=1"
            case .reloading(let now): "RELOADING=1\nMONOTONIC_USEC=\(now / 1000)"
            case .status(let text): "STATUS=" + String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 })
            case .mainPID(let pid): "MAINPID=\(pid)"
            }
        }
    }

    /// True if a service manager took it.
    @discardableResult
    package static func notify(_ notices: Notice...) -> Bool {
        // Holds: the string lives for the call. NOTIFY_SOCKET stays: there is more to say later.
        unsafe sd_notify(0, notices.map(\.assignment).joined(separator: "\n")) > 0
    }

    /// Waits until the service manager has taken in all that was told it before (`BARRIER=1`): behind `mainPID` the
    /// process named may speak for the service, and we may end. False when it did not answer in time, or there is none.
    @discardableResult
    package static func barrier(within time: Duration) -> Bool {
        sd_notify_barrier(0, time.nanoseconds / 1000) > 0
    }
}
