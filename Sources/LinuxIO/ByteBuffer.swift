// SPDX-License-Identifier: Apache-2.0
/// A growable buffer between a descriptor and a parser: read at the end, consumed at the front. Used for connections,
/// for services' pipes and for answers that wait to be written.
/// Invariant: start <= end <= capacity <= limit (or the first capacity, if that is larger); bytes move only when
/// the room behind them is used up.

internal import Glibc

package enum ReadResult: Equatable, Sendable {
    case bytes(Int)
    case wouldBlock
    /// The writer has closed.
    case closed
    /// The limit is reached: consume something first.
    case full
    case failed(CInt)
}

package enum WriteResult: Equatable, Sendable {
    /// So many bytes went out and are consumed; the rest did not fit just now.
    case wrote(Int)
    case wouldBlock
    /// The reader is gone.
    case closed
    case failed(CInt)
}

@usableFromInline
@safe package final class ByteBuffer {
    // Holds: a buffer is used from one thread, and no access to one of these lasts longer than it takes to read or write
    // it: there is nothing to be found by a check at each, which would cost more than most of them.
    @exclusivity(unchecked) @usableFromInline var storage: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) @usableFromInline var start = 0
    @exclusivity(unchecked) @usableFromInline var end = 0
    @exclusivity(unchecked) @usableFromInline package private(set) var capacity: Int
    /// How far it grows; what is there already stays.
    package var limit: Int
    /// The last `.closed` was no orderly end: what lies here may be the beginning of something longer.
    package private(set) var wasReset = false
    /// The last read took all that there was.
    package private(set) var hasReadAll = false
    private let firstCapacity: Int

    /// `capacity` bytes now, growing by doubling up to `limit`.
    package init(capacity: Int = 4096, limit: Int) {
        precondition(capacity > 0 && limit > 0)
        firstCapacity = min(capacity, limit)
        unsafe self.capacity = firstCapacity
        self.limit = limit
        unsafe storage = .allocate(capacity: firstCapacity)
    }

    deinit { unsafe storage.deallocate() }

    @inlinable package var count: Int { unsafe end &- start }
    @inlinable package var isEmpty: Bool { unsafe start == end }

    /// Whether there is room behind the last byte. Right behind a read it tells that there was no more to be read.
    @inlinable package var hasRoom: Bool { unsafe end < capacity }

    /// Reads once, at most `limit` bytes: from pipe, socket or file.
    package func receive(from fd: CInt, limit most: Int = .max) -> ReadResult {
        let room = makeRoom(atLeast: 1, wanted: most)
        guard room > 0 else { return .full }
        wasReset = false
        // Holds: makeRoom said that so many bytes are free behind `end`.
        let (got, code) = uninterrupted { unsafe read(fd, storage + end, min(room, most)) }
        switch code {
        case 0 where got == 0: return .closed
        case 0:
            unsafe end += got
            hasReadAll = got < min(room, most)
            return .bytes(got)
        case EAGAIN: return .wouldBlock
        case ECONNRESET:
            wasReset = true
            return .closed
        default: return .failed(code)
        }
    }

    /// Reads so many bytes of a file from `position` on, fewer where it ends. EFBIG if the limit does not allow it.
    package func load(from fd: CInt, at position: Int, count wanted: Int) throws(SystemCallError) {
        guard wanted <= 0 || hasRoom(wanted) else { throw SystemCallError(call: "pread", code: EFBIG) }
        let last = unsafe end + max(wanted, 0)
        let first = unsafe end
        while unsafe end < last {
            // Holds: hasRoom said that so many bytes are free behind the first `end`.
            let got = try systemCall("pread") {
                unsafe pread(fd, storage + end, last - end, off_t(position + end - first))
            }
            if got == 0 { return }
            unsafe end += got
        }
    }

    /// Lends what has been read and not been consumed.
    @inlinable
    package func withReadable<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Holds: start...end is initialized, and self keeps the storage for the call.
        let bytes = unsafe UnsafeBufferPointer(start: storage + start, count: end &- start)
        return try body(unsafe bytes.span)
    }

    /// Lets go of the first `count` bytes.
    @inlinable
    package func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count)
        unsafe start &+= count
        guard isEmpty else { return }
        unsafe (start, end) = (0, 0)
    }

    /// False, and nothing done, when the limit does not allow it.
    @inlinable
    @discardableResult
    package func append(_ bytes: borrowing Span<UInt8>) -> Bool {
        let count = bytes.count
        guard count > 0 else { return true }
        guard hasRoom(count) else { return false }
        // Holds: hasRoom said that so many bytes are free behind `end`; a span of this buffer itself can't be passed
        // in, because growing would move it: withReadable's span must not outlive its closure.
        unsafe bytes.withUnsafeBufferPointer {
            unsafe (storage + end).initialize(from: $0.baseAddress!, count: count)
        }
        unsafe end &+= count
        return true
    }

    /// Appends so many bytes that `write` fills in, all of them.
    /// - Returns: false, and nothing done, when the limit does not allow it.
    @inlinable
    @discardableResult
    package func append(count: Int, _ write: (inout MutableRawSpan) -> Void) -> Bool {
        guard hasRoom(count) else { return false }
        // Holds: hasRoom said that so many bytes are free behind `end`, and they are ours until `write` returns.
        let room = unsafe UnsafeMutableRawBufferPointer(start: storage + end, count: count)
        var bytes = unsafe room.mutableBytes
        write(&bytes)
        unsafe end &+= count
        return true
    }

    @discardableResult
    package func append(_ bytes: [UInt8]) -> Bool { append(bytes.span) }

    /// Writes once, at most `limit` bytes, and consumes what went out. Pipes and sockets alike: let SIGPIPE be ignored.
    package func write(to fd: CInt, limit most: Int = .max) -> WriteResult {
        let count = min(count, most)
        guard count > 0 else { return .wrote(0) }
        return written(uninterrupted { unsafe Glibc.write(fd, storage + start, count) })
    }

    /// The same for sockets alone, in a program that need not ignore SIGPIPE.
    package func send(to fd: CInt) -> WriteResult {
        guard count > 0 else { return .wrote(0) }
        return written(uninterrupted { unsafe Glibc.send(fd, storage + start, count, CInt(MSG_NOSIGNAL)) })
    }

    func written(_ outcome: (result: Int, code: CInt)) -> WriteResult {
        switch outcome.code {
        case 0:
            consume(outcome.result)
            return .wrote(outcome.result)
        case EAGAIN: return .wouldBlock
        case EPIPE, ECONNRESET: return .closed
        default: return .failed(outcome.code)
        }
    }

    /// Gives a grown buffer's memory back, once it is empty: a connection at rest costs its first capacity.
    package func shrink() {
        guard unsafe isEmpty && capacity > firstCapacity else { return }
        replaceStorage(firstCapacity)
    }

    /// Whether so many bytes are free behind `end`, after making room for them.
    @inlinable
    func hasRoom(_ count: Int) -> Bool {
        unsafe capacity &- end >= count || makeRoom(atLeast: count, wanted: count) > 0
    }

    /// The free bytes behind `end`, at least `atLeast`, or 0 if the limit forbids it. `wanted` decides about growing.
    @usableFromInline
    func makeRoom(atLeast: Int, wanted: Int) -> Int {
        let capacity = unsafe self.capacity
        let tail = unsafe capacity - end
        if tail >= max(atLeast, min(wanted, capacity / 4)) { return tail }
        // Moving pays when it wins at least as much room as it copies bytes; who reads on and on would move the beginning of
        // each long message, unless several of them fit.
        let enough = wanted > atLeast ? 3 * count : capacity / 2
        if unsafe start > 0, capacity - count >= max(atLeast, enough) {
            moveToFront()
        } else if capacity < limit, limit - count >= atLeast {
            var grown = capacity
            repeat { grown = grown > limit / 2 ? limit : grown * 2 } while grown - count < atLeast
            replaceStorage(grown)
        } else if tail < atLeast {
            guard capacity - count >= atLeast else { return 0 }
            moveToFront()
        }
        return unsafe self.capacity - end
    }

    private func moveToFront() {
        // Holds: both ranges lie in the storage; update(from:) allows them to overlap.
        unsafe storage.update(from: storage + start, count: count)
        unsafe (start, end) = (0, count)
    }

    private func replaceStorage(_ size: Int) {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        // Holds: size >= count in both callers, and the two blocks are different ones.
        unsafe larger.initialize(from: storage + start, count: count)
        unsafe storage.deallocate()
        unsafe storage = larger
        unsafe (start, end, capacity) = (0, count, size)
    }
}
