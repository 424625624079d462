// SPDX-License-Identifier: Apache-2.0
/// The one error of every system call here, and the one place that knows of EINTR.
/// Thrown by all of LinuxIO; whoever knows the user's word for the thing adds it ("service x: …").
/// Invariant: would-block, end and full are never errors but return values of the calls that can have them.

internal import CLinux
internal import Glibc

/// A call that failed and its errno: "bind: address already in use".
package struct SystemCallError: Error, Equatable, CustomStringConvertible {
    package let call: String
    package let code: CInt

    package init(call: String, code: CInt) {
        self.call = call
        self.code = code
    }

    /// What a call fails with that took too long.
    package static func timedOut(_ call: String) -> SystemCallError { SystemCallError(call: call, code: ETIMEDOUT) }

    package var description: String { "\(call): \(reason)" }

    /// The reader is gone.
    package var isBrokenPipe: Bool { code == EPIPE }
    /// It is there, but not for us.
    package var isDenied: Bool { code == EACCES || code == EPERM }
    /// It is there, but nobody listens.
    package var isRefused: Bool { code == ECONNREFUSED }
    /// The disk is full, or what this user may have of it.
    package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
    /// The device could not read or write it.
    package var isInputOutput: Bool { code == EIO }
    /// This process, or the system, may not have another descriptor.
    package var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }
    /// It is the system that may not.
    package var isMachineOutOfDescriptors: Bool { code == ENFILE }
    /// There is nothing of that name.
    package var isMissing: Bool { code == ENOENT }
    /// More bytes than File.read was told to take.
    package var isTooLarge: Bool { code == EFBIG }

    /// Nobody listens there, or no way leads there; nothing is wrong with what was sent.
    package static func isUnreachable(_ code: CInt) -> Bool {
        [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN].contains(code)
    }

    /// What the errno means, without the call: "address already in use".
    package var reason: String { Self.reason(code) }

    package static func reason(_ code: CInt) -> String {
        guard let text = unsafe belfry_error_text(code) else { return "error \(code)" }
        // Holds: the C library returns one of its own constant strings.
        return clause(unsafe String(cString: text))
    }

    /// The C library's words as they stand behind a colon: names such as "RFS" keep their capitals.
    static func clause(_ words: String) -> String {
        guard let second = words.dropFirst().first, second.isLowercase else { return words }
        return words.prefix(1).lowercased() + words.dropFirst()
    }
}

/// Calls until it is not interrupted; -1 becomes the error.
@discardableResult
func systemCall<Result: SignedInteger>(_ call: String, _ body: () -> Result) throws(SystemCallError) -> Result {
    let (result, code) = uninterrupted(body)
    guard result != -1 else { throw SystemCallError(call: call, code: code) }
    return result
}

/// Calls until it is not interrupted and hands the errno over beside the result, for those who look at it themselves.
@inline(__always)
func uninterrupted<Result: SignedInteger>(_ body: () -> Result) -> (result: Result, code: CInt) {
    while true {
        let result = body()
        guard result == -1 else { return (result, 0) }
        let code = errno
        guard code == EINTR else { return (result, code) }
    }
}
