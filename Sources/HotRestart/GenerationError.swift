// SPDX-License-Identifier: Apache-2.0
/// Why a generation can't start, or can't become ready.
///
/// Thrown by Generation. What goes wrong with a successor is no error of its predecessor's: that is Turn.failed.
/// Invariant: each sentence says what the developer or the operator of the service can do.

internal import LinuxIO

/// Why a generation can't start, or can't become ready.
public enum GenerationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A call to the kernel failed.
    case system(call: String, reason: String)
    /// `LISTEN_FDS` or `LISTEN_FDNAMES` can't be right.
    case inherited(reason: String)
    /// A name that can't be handed over: empty, too long, not printable ASCII, with a colon, or one of the library's own.
    case name(String)
    /// The predecessor ended before it had handed over its state.
    case predecessorEnded
    /// The predecessor did not answer for so long.
    case predecessorSilent(Duration)
    /// The file for the process id can't be written.
    case pidFile(path: String, reason: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .system(let call, let reason): "\(call): \(reason)"
        case .inherited(let reason): "\(reason); the service was started with a wrong environment"
        case .name(let name): "\"\(name)\" can't name a descriptor: use printable ASCII without a colon, 255 at most"
        case .predecessorEnded: "the predecessor ended before it had handed over its state; start without it"
        case .predecessorSilent(let time): "the predecessor did not answer for \(time); it may hang"
        case .pidFile(let path, let reason): "pid file \(path): \(reason)"
        }
    }

    init(_ error: SystemCallError) { self = .system(call: error.call, reason: error.reason) }
}
