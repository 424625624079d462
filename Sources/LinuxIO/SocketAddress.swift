// SPDX-License-Identifier: Apache-2.0
/// An IPv4 or IPv6 address with its port, and its text: "127.0.0.1:514", "[::1]:514". Used for binding, connecting
/// and for the source that a message carries. Unix socket paths are no part of it.
/// Invariant: an IPv4 address that arrived over an IPv6 socket is held and shown as IPv4.

internal import Glibc

package struct SocketAddress: Equatable, Sendable {
    package let isIPv6: Bool
    package let port: UInt16
    /// The 16 bytes of an IPv6 address, big-endian; an IPv4 address lies in the low 32 bits of `low`.
    let high: UInt64
    let low: UInt64
    let scope: UInt32

    private init(isIPv6: Bool, port: UInt16, high: UInt64, low: UInt64, scope: UInt32 = 0) {
        let mapped = isIPv6 && high == 0 && low >> 32 == 0xFFFF
        self.isIPv6 = isIPv6 && !mapped
        self.port = port
        self.high = high
        self.low = mapped ? low & 0xFFFF_FFFF : low
        self.scope = scope
    }

    /// From what the kernel wrote; nil if it is neither IPv4 nor IPv6.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 2 else { return nil }
        // Holds: each load stays within the length checked before it.
        switch CInt(unsafe bytes.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET where bytes.count >= MemoryLayout<sockaddr_in>.size:
            let address = unsafe bytes.loadUnaligned(as: sockaddr_in.self)
            self.init(
                isIPv6: false, port: UInt16(bigEndian: address.sin_port), high: 0,
                low: UInt64(UInt32(bigEndian: address.sin_addr.s_addr)))
        case AF_INET6 where bytes.count >= MemoryLayout<sockaddr_in6>.size:
            // sockaddr_in6: family 2, port 2, flow 4, address 16, scope 4.
            self.init(
                isIPv6: true, port: UInt16(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)),
                high: UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                low: UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
                scope: unsafe bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
        default: return nil
        }
    }

    /// From digits only ("127.0.0.1", "::1", also in brackets); nil for a name.
    package init?(numeric host: String, port: UInt16) {
        var host = host
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        var four = in_addr()
        var six: (UInt64, UInt64) = (0, 0)
        // Holds: each variable is as large as what the call writes for its family.
        if unsafe inet_pton(AF_INET, host, &four) == 1 {
            self.init(isIPv6: false, port: port, high: 0, low: UInt64(UInt32(bigEndian: four.s_addr)))
        } else if unsafe inet_pton(AF_INET6, host, &six) == 1 {
            self.init(isIPv6: true, port: port, high: UInt64(bigEndian: six.0), low: UInt64(bigEndian: six.1))
        } else {
            return nil
        }
    }

    /// The form that the kernel reads, for another process.
    package var bytes: [UInt8] {
        // Holds: so many bytes of it are lent for the call.
        unsafe withKernelForm { unsafe Array(UnsafeRawBufferPointer(start: $0, count: Int($1))) }
    }

    /// From that form; nil if it is neither IPv4 nor IPv6.
    package init?(bytes: borrowing Span<UInt8>) {
        guard let address = unsafe bytes.withUnsafeBytes({ unsafe SocketAddress($0) }) else { return nil }
        self = address
    }

    package var isLoopback: Bool { isIPv6 ? high == 0 && low == 1 : low >> 24 == 127 }

    var family: CInt { isIPv6 ? AF_INET6 : AF_INET }

    /// Lends the form that the kernel reads.
    func withKernelForm<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var form = sockaddr_in6()
        // Holds: sockaddr_in6 is the larger of the two forms, and every offset below is that of its own field.
        return unsafe withUnsafeMutableBytes(of: &form) { bytes in
            unsafe bytes.storeBytes(of: sa_family_t(family), as: sa_family_t.self)
            unsafe bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            if isIPv6 {
                unsafe bytes.storeBytes(of: high.bigEndian, toByteOffset: 8, as: UInt64.self)
                unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
                unsafe bytes.storeBytes(of: scope, toByteOffset: 24, as: UInt32.self)
            } else {
                unsafe bytes.storeBytes(of: UInt32(truncatingIfNeeded: low).bigEndian, toByteOffset: 4, as: UInt32.self)
            }
            let length = isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
            return unsafe body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(length))
        }
    }
}
