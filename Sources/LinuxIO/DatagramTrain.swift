// SPDX-License-Identifier: Apache-2.0
/// Datagrams out: one, or a train of equal ones with one system call (UDP_SEGMENT).
/// Used by BelfryClient.
/// Invariant: what comes back says whether waiting for the socket helps, or only waiting at all.

internal import CLinux
internal import Glibc

package enum DatagramResult: Equatable, Sendable {
    case sent
    /// The socket's buffer is full: it becomes writable again.
    case wouldBlock
    /// A queue behind the socket is full; the socket stays writable meanwhile, so only time helps.
    case noBuffers
    case failed(CInt)
}

package enum DatagramTrain {
    /// Segments that the kernel takes at once, and that every kernel with UDP_SEGMENT takes: the limit has doubled once.
    @inlinable package static var longest: Int { 128 }
    @inlinable package static var usual: Int { 64 }

    /// Whether this kernel can cut a train itself. One that can't would send it as one datagram, so ask first.
    package static func isSupported(_ raw: CInt) -> Bool { belfry_has_udp_segment(raw) == 1 }

    /// Sends `bytes` on a connected socket as datagrams of `segment` bytes, the last one perhaps shorter; with 0 as one.
    package static func send(_ raw: CInt, _ bytes: Span<UInt8>, segment: UInt16 = 0) -> DatagramResult {
        let (_, code) = unsafe bytes.withUnsafeBytes { bytes in
            uninterrupted { unsafe belfry_send_segments(raw, bytes.baseAddress, bytes.count, segment) }
        }
        switch code {
        case 0: return .sent
        case EAGAIN: return .wouldBlock
        case ENOBUFS: return .noBuffers
        default: return .failed(code)
        }
    }
}
