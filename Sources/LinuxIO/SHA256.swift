// SPDX-License-Identifier: Apache-2.0
/// SHA-256 (FIPS 180-4): the name of an executable's contents, as `sha256sum` prints it. Used by Supervision.
///
/// Our own, as belfryd links no crypto library and the kernel's (AF_ALG) is missing in many containers; nothing secret
/// depends on it.
/// Invariant: the digest of the whole is the same however it is cut into pieces.

internal import CLinux

package struct SHA256 {
    private var sum = belfry_sha256()

    /// - Parameter plain: without the processor's help, as on machines that have none.
    package init(plain: Bool = false) { unsafe belfry_sha256_begin(&sum, plain ? 1 : 0) }

    package mutating func add(_ bytes: Span<UInt8>) {
        // Holds: the span's bytes are there for the call.
        unsafe bytes.withUnsafeBytes { unsafe belfry_sha256_add(&sum, $0.baseAddress, $0.count) }
    }

    /// 64 digits.
    package consuming func hex() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        // Holds: the room is what the call fills.
        unsafe digest.withUnsafeMutableBufferPointer { unsafe belfry_sha256_end(&sum, $0.baseAddress!) }
        let digits = Array("0123456789abcdef".utf8)
        let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
