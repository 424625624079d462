// SPDX-License-Identifier: Apache-2.0
/// Many descriptors over a Unix stream, beside its bytes (SCM_RIGHTS, unix(7)). Used by Ingress, where an acceptor hands its
/// connections over to its successor.
/// They come out in the order in which they were sent, each no later than the first byte that it was sent with.
/// Invariant: what came is closed on exec, and closed with its PassedDescriptors unless somebody took it.

internal import CLinux
internal import Glibc

/// Descriptors that have come and that nobody has taken yet, the first to be taken first.
package final class PassedDescriptors {
    /// How many may go with one send.
    package static let most = Int(belfry_most_passed)

    private var raws: [CInt] = []
    private var taken = 0

    package init() {}

    deinit { for raw in raws[taken...] { _ = Descriptor(owning: raw) } }

    package var isEmpty: Bool { taken == raws.count }

    package func take() -> Descriptor? {
        guard !isEmpty else { return nil }
        defer { taken += 1 }
        return Descriptor(owning: raws[taken])
    }

    fileprivate func add(_ come: ArraySlice<CInt>) {
        if isEmpty { (raws, taken) = ([], 0) }
        raws += come
    }
}

extension ByteBuffer {
    /// Sends once, as much as fits now, and duplicates of the descriptors with the first byte: those of the caller stay its
    /// own. Would-block also means that too many are under way already, between whatever processes of this user.
    package func send(to fd: CInt, passing raws: [CInt]) -> WriteResult {
        guard count > 0 else { return .wrote(0) }
        // Holds: as many bytes are there, and the array lives for the call.
        let outcome = unsafe raws.withUnsafeBufferPointer { raws in
            uninterrupted { unsafe belfry_send_descriptors(fd, storage + start, count, raws.baseAddress, raws.count) }
        }
        return [ETOOMANYREFS, ENOBUFS].contains(outcome.code) ? .wouldBlock : written(outcome)
    }

    /// Reads once without waiting; what comes beside the bytes is added to `passed`.
    package func receive(from fd: CInt, adding passed: PassedDescriptors) -> ReadResult {
        let room = makeRoom(atLeast: 1, wanted: .max)
        guard room > 0 else { return .full }
        var raws = [CInt](repeating: -1, count: PassedDescriptors.most)
        var come = 0
        // Holds: makeRoom said that so many bytes are free behind `end`; the array is as long as the call says it needs.
        let (got, code) = unsafe raws.withUnsafeMutableBufferPointer { raws in
            uninterrupted { unsafe belfry_receive_descriptors(fd, storage + end, room, raws.baseAddress, &come) }
        }
        passed.add(raws[..<come])
        switch code {
        case 0 where got == 0: return .closed
        case 0:
            unsafe end += got
            return .bytes(got)
        case EAGAIN: return .wouldBlock
        case ECONNRESET: return .closed
        default: return .failed(code)
        }
    }
}
