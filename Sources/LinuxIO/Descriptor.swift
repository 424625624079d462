// SPDX-License-Identifier: Apache-2.0
/// An open file descriptor with one owner, closed when the owner lets go of it. Used by everything that opens one.
/// Those who only use it for a while take `raw`.
/// Invariant: as long as the value lives, `raw` is open and nobody else closes it.

internal import CLinux
internal import Glibc

package struct Descriptor: ~Copyable, Sendable {
    package let raw: CInt

    /// Takes over a descriptor that nobody else will close.
    package init(owning raw: CInt) { self.raw = raw }

    deinit {
        // Never repeated after EINTR: the number is free again by then, and may be somebody else's.
        _ = close(raw)
    }

    /// Gives the descriptor away; the caller closes it.
    package consuming func release() -> CInt {
        let raw = raw
        discard self
        return raw
    }

    /// A second descriptor of the same open description, closed on exec.
    package borrowing func duplicate() throws(SystemCallError) -> Descriptor {
        try Descriptor.duplicate(raw)
    }

    package static func duplicate(_ raw: CInt) throws(SystemCallError) -> Descriptor {
        Descriptor(owning: try systemCall("duplicate") { fcntl(raw, F_DUPFD_CLOEXEC, 0) })
    }

    /// A pipe, both ends closed on exec and blocking.
    package static func pipe() throws(SystemCallError) -> Pipe {
        var ends: (CInt, CInt) = (-1, -1)
        try systemCall("pipe") {
            // Holds: two ints lie where the call writes two.
            unsafe withUnsafeMutableBytes(of: &ends) { unsafe belfry_pipe($0.bindMemory(to: CInt.self).baseAddress) }
        }
        return Pipe(reading: Descriptor(owning: ends.0), writing: Descriptor(owning: ends.1))
    }

    /// Bytes that a pipe holds when it is made.
    package static let pipeCapacity = 65_536

    /// Writes once, as much as fits now. Let SIGPIPE be ignored.
    package static func write(_ raw: CInt, _ bytes: borrowing Span<UInt8>) -> WriteResult {
        let (put, code) = unsafe bytes.withUnsafeBytes { bytes in
            uninterrupted { unsafe Glibc.write(raw, bytes.baseAddress, bytes.count) }
        }
        switch code {
        case 0: return .wrote(put)
        case EAGAIN: return .wouldBlock
        case EPIPE, ECONNRESET: return .closed
        default: return .failed(code)
        }
    }

    package static func setNonBlocking(_ raw: CInt, _ on: Bool = true) throws(SystemCallError) {
        let flags = try systemCall("get flags") { fcntl(raw, F_GETFL) }
        let wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
        if wanted != flags { try systemCall("set flags") { fcntl(raw, F_SETFL, wanted) } }
    }

    package static func setCloseOnExec(_ raw: CInt, _ on: Bool = true) throws(SystemCallError) {
        try systemCall("set close on exec") { fcntl(raw, F_SETFD, on ? FD_CLOEXEC : 0) }
    }

    /// Waits until it can be read (or written to, or its other end is gone); false when the deadline on the monotonic
    /// clock has passed before. Without a deadline it waits for ever.
    package static func wait(_ raw: CInt, writable: Bool = false, until deadline: UInt64?) -> Bool {
        var request = pollfd(fd: raw, events: Int16(writable ? POLLOUT : POLLIN), revents: 0)
        while true {
            let now = Clock.monotonic()
            // Rounded up: waking before the deadline would only make another round.
            let rest = deadline.map { CInt(clamping: ($0 > now ? $0 - now : 0) / 1_000_000 + ($0 > now ? 1 : 0)) }
            // Holds: one struct lies where the call looks at one.
            let count = unsafe poll(&request, 1, rest ?? -1)
            if count > 0 { return true }
            if count == 0, let deadline, Clock.monotonic() >= deadline { return false }
        }
    }

    package static func isTerminal(_ raw: CInt) -> Bool { isatty(raw) == 1 }

    package static func isOpen(_ raw: CInt) -> Bool { fcntl(raw, F_GETFD) != -1 }
}

package struct Pipe: ~Copyable {
    package let reading: Descriptor
    package let writing: Descriptor

    /// Closes the other end.
    package consuming func takeReading() -> Descriptor { reading }

    /// Takes the two ends apart.
    package consuming func split(_ body: (consuming Descriptor, consuming Descriptor) -> Void) {
        body(reading, writing)
    }
}
