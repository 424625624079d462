// SPDX-License-Identifier: Apache-2.0
/// The text of an address, in the one form that RFC 5952 allows. Used for `source`, in names and in errors.
/// It runs once for each message, so it goes byte by byte into a buffer that the caller keeps.
/// Invariant: appending allocates nothing once the buffer has room for 60 bytes.

extension SocketAddress: CustomStringConvertible {
    package var description: String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends "127.0.0.1:514" or "[2001:db8::1]:514".
    package func append(to text: inout [UInt8]) {
        if isIPv6 {
            text.append(UInt8(ascii: "["))
            appendGroups(to: &text)
            if scope != 0 {
                text.append(UInt8(ascii: "%"))
                appendDecimal(UInt64(scope), to: &text)
            }
            text.append(UInt8(ascii: "]"))
        } else {
            for index: UInt64 in 0..<4 {
                if index > 0 { text.append(UInt8(ascii: ".")) }
                appendDecimal((low >> (24 &- 8 &* index)) & 0xFF, to: &text)
            }
        }
        text.append(UInt8(ascii: ":"))
        appendDecimal(UInt64(port), to: &text)
    }

    private func group(_ index: Int) -> UInt64 {
        let half = index < 4 ? high : low
        return (half >> UInt64(48 &- 16 &* (index & 3))) & 0xFFFF
    }

    private func appendGroups(to text: inout [UInt8]) {
        let gap = longestRunOfZeros()
        var index = 0
        while index < 8 {
            if !gap.isEmpty, index == gap.lowerBound {
                text.append(UInt8(ascii: ":"))
                text.append(UInt8(ascii: ":"))
                index = gap.upperBound
                continue
            }
            if index > 0, index != gap.upperBound { text.append(UInt8(ascii: ":")) }
            appendHexadecimal(group(index), to: &text)
            index &+= 1
        }
    }

    /// The first of the longest runs of two or more groups of zero; RFC 5952 shortens that one alone.
    private func longestRunOfZeros() -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || group(index) != 0 {
            if index &- start > max(best.count, 1) { best = start..<index }
            start = index &+ 1
        }
        return best
    }
}

private func appendDecimal(_ value: UInt64, to text: inout [UInt8]) {
    if value >= 10 { appendDecimal(value / 10, to: &text) }
    text.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10))
}

private func appendHexadecimal(_ value: UInt64, to text: inout [UInt8]) {
    if value >= 16 { appendHexadecimal(value >> 4, to: &text) }
    let digit = UInt8(truncatingIfNeeded: value & 15)
    text.append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10)
}
