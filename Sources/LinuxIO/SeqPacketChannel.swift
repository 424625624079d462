// SPDX-License-Identifier: Apache-2.0
/// Whole packets between two processes, each with a descriptor if wanted (Unix SOCK_SEQPACKET, SCM_RIGHTS).
/// Used between supervisor and roles. The end of the channel is how one of them sees that the other has died.
/// Invariant: non-blocking; a packet is taken whole or not at all; a received descriptor is closed on exec.

internal import CLinux
internal import Glibc

package enum SendResult: Equatable, Sendable {
    case sent
    case wouldBlock
    /// The other end is gone.
    case closed
    case failed(CInt)
}

package enum PacketResult: ~Copyable {
    /// So many bytes now lie at the buffer's start.
    case packet(Int, Descriptor?)
    case wouldBlock
    case closed
    case failed(CInt)
}

package struct SeqPacketChannel: ~Copyable {
    package let descriptor: Descriptor
    package var raw: CInt { descriptor.raw }

    package init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

    package consuming func takeDescriptor() -> Descriptor { descriptor }

    /// Two ends that are connected to each other.
    package static func pair() throws(SystemCallError) -> SeqPacketPair {
        var ends: (CInt, CInt) = (-1, -1)
        let type = CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        try systemCall("socketpair") {
            // Holds: two ints lie where the call writes two.
            unsafe withUnsafeMutableBytes(of: &ends) {
                unsafe socketpair(AF_UNIX, type, 0, $0.bindMemory(to: CInt.self).baseAddress)
            }
        }
        return SeqPacketPair(
            first: SeqPacketChannel(owning: Descriptor(owning: ends.0)),
            second: SeqPacketChannel(owning: Descriptor(owning: ends.1)))
    }

    /// The descriptor stays the caller's: the other side gets a duplicate. An empty packet would look like the end.
    package borrowing func send(_ bytes: borrowing Span<UInt8>, passing passed: CInt = -1) -> SendResult {
        precondition(!bytes.isEmpty)
        let raw = descriptor.raw
        let (_, code) = unsafe bytes.withUnsafeBytes { bytes in
            uninterrupted { unsafe belfry_send_packet(raw, bytes.baseAddress, bytes.count, passed) }
        }
        switch code {
        case 0: return .sent
        case EAGAIN, ENOBUFS: return .wouldBlock
        case EPIPE, ECONNRESET: return .closed
        default: return .failed(code)
        }
    }

    /// Reads one packet into the buffer; what doesn't fit is cut off, so give it the greatest size agreed upon.
    package borrowing func receive(into buffer: inout [UInt8]) -> PacketResult {
        SeqPacketChannel.receive(from: descriptor.raw, into: &buffer)
    }

    /// The same from any Unix socket; a stream gives as many bytes as have come, up to the next descriptor.
    package static func receive(from raw: CInt, into buffer: inout [UInt8]) -> PacketResult {
        var passed: CInt = -1
        let (count, code) = unsafe buffer.withUnsafeMutableBytes { buffer in
            uninterrupted { unsafe belfry_receive_packet(raw, buffer.baseAddress, buffer.count, &passed) }
        }
        switch code {
        case 0 where count == 0: return .closed
        case 0: return .packet(count, passed >= 0 ? Descriptor(owning: passed) : nil)
        case EAGAIN: return .wouldBlock
        case ECONNRESET: return .closed
        default: return .failed(code)
        }
    }
}

package struct SeqPacketPair: ~Copyable {
    package let first: SeqPacketChannel
    package let second: SeqPacketChannel

    /// Closes the other end.
    package consuming func takeFirst() -> SeqPacketChannel { first }

    package consuming func split(_ body: (consuming SeqPacketChannel, consuming SeqPacketChannel) -> Void) {
        body(first, second)
    }
}
