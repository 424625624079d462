// SPDX-License-Identifier: Apache-2.0

/// The few verbs on spans of bytes that every decoder here needs: copy, compare, find, read and write integers.
///
/// Used inside Wire by decoders and encoders, and by others for the same purpose.
/// Invariant: every access is bounds-checked by the span itself; nothing here allocates but the growth of `out`.
extension Span<UInt8> {
    /// Appends the bytes in `range` to `out`.
    package func append(_ range: Range<Int>, to out: inout [UInt8]) {
        let part = extracting(range)
        out.append(addingCapacity: part.count) { output in
            output.append(repeating: 0, count: part.count)
            var room = output.mutableSpan
            room.put(part, at: 0)
        }
    }

    /// Whether the bytes in `range` are exactly the UTF-8 of `text`; meant for short literals.
    package func equals(_ text: String, in range: Range<Int>) -> Bool {
        let utf8 = text.utf8
        guard utf8.count == range.count else { return false }
        var index = range.lowerBound
        for byte in utf8 {
            if self[index] != byte { return false }
            index &+= 1
        }
        return true
    }

    /// Whether the bytes of `other` stand at `start`; false if there are not so many.
    func holds(_ other: Span<UInt8>, at start: Int) -> Bool {
        guard start &+ other.count <= count else { return false }
        var index = 0
        while index &+ 8 <= other.count {
            if word(at: start &+ index) != other.word(at: index) { return false }
            index &+= 8
        }
        while index < other.count {
            if self[start &+ index] != other[index] { return false }
            index &+= 1
        }
        return true
    }

    package func begins(with text: String, at start: Int = 0) -> Bool {
        let length = text.utf8.count
        return start &+ length <= count && equals(text, in: start..<start &+ length)
    }

    /// The place of the first `byte` in `range`, or nil.
    package func first(_ byte: UInt8, in range: Range<Int>) -> Int? {
        // Most are near: those are found without looking at 32 bytes first.
        let near = min(range.upperBound, range.lowerBound &+ 16)
        if let place = firstByWords(byte, in: range.lowerBound..<near) { return place }
        var index = near
        while index &+ 32 <= range.upperBound, !has(byte, in32From: index) { index &+= 32 }
        return firstByWords(byte, in: index..<range.upperBound)
    }

    @inline(__always)
    private func firstByWords(_ byte: UInt8, in range: Range<Int>) -> Int? {
        let everywhere = UInt64(byte) &* Self.ones
        var index = range.lowerBound
        while index &+ 8 <= range.upperBound {
            let marks = marks(of: everywhere, at: index)
            if marks != 0 { return index &+ marks.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < range.upperBound {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }

    /// Each byte of a word 1, and the highest bit of each.
    static var ones: UInt64 { 0x0101_0101_0101_0101 }
    static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Whether `byte` is one of the 32 from `start` on.
    @inline(__always)
    private func has(_ byte: UInt8, in32From start: Int) -> Bool {
        // One check ahead of all, and no way out of the loop: so it becomes a few instructions on vectors.
        precondition(start >= 0 && start <= count &- 32)
        let part = extracting(start..<start &+ 32)
        var least = UInt8.max
        for index in 0..<32 { least = min(least, part[index] ^ byte) }
        return least == 0
    }

    /// Not 0 if one of the eight bytes at `start` is the one that `everywhere` repeats; the lowest bit set belongs to the
    /// first of those.
    @inline(__always)
    private func marks(of everywhere: UInt64, at start: Int) -> UInt64 {
        let differences = word(at: start) ^ everywhere
        return (differences &- Self.ones) & ~differences & Self.highBits
    }

    /// Whether nothing but CR and LF stands from `start` to the end.
    func isLineEnds(from start: Int) -> Bool {
        for index in start..<count where self[index] != 0x0A && self[index] != 0x0D { return false }
        return true
    }

    /// Reads `width` bytes, most significant first. The caller has checked that they are there.
    @inlinable @inline(__always)
    package func bigEndian(at start: Int, width: Int) -> UInt64 {
        // One check ahead of all, behind which the loop becomes a single load.
        precondition(start >= 0 && start <= count &- width)
        let part = extracting(start..<start &+ width)
        var value: UInt64 = 0
        for index in 0..<width { value = value &<< 8 | UInt64(part[index]) }
        return value
    }

    /// Reads eight bytes, least significant first. The caller has checked that they are there.
    @inlinable @inline(__always)
    package func word(at start: Int) -> UInt64 { bigEndian(at: start, width: 8).byteSwapped }
}

extension MutableSpan<UInt8> {
    /// Copies `part` to `place`, where there must be room for it.
    mutating func put(_ part: Span<UInt8>, at place: Int) {
        let length = part.count
        precondition(place >= 0 && length <= count &- place)
        switch length {
        case ..<8: for index in 0..<length { self[place &+ index] = part[index] }
        case ..<16:
            // Here and below the last ones reach back into those before them.
            setWord(at: place, part.bigEndian(at: 0, width: 8))
            setWord(at: place &+ length &- 8, part.bigEndian(at: length &- 8, width: 8))
        case ..<32:
            putTwoWords(part, from: 0, at: place)
            putTwoWords(part, from: length &- 16, at: place &+ length &- 16)
        default:
            var index = 0
            while index < length {
                let start = min(index, length &- 32)
                putFourWords(part, from: start, at: place &+ start)
                index &+= 32
            }
        }
    }

    /// Sixteen bytes behind one check of where they come from and one of where they go.
    @inline(__always) private mutating func putTwoWords(_ part: Span<UInt8>, from start: Int, at place: Int) {
        precondition(start >= 0 && start <= part.count &- 16 && place >= 0 && place <= count &- 16)
        let from = part.extracting(start..<start &+ 16)
        var to = _mutatingExtracting(place..<place &+ 16)
        let (first, second) = (from.bigEndian(at: 0, width: 8), from.bigEndian(at: 8, width: 8))
        to.setWord(at: 0, first)
        to.setWord(at: 8, second)
    }

    /// The same with thirty-two.
    @inline(__always) private mutating func putFourWords(_ part: Span<UInt8>, from start: Int, at place: Int) {
        precondition(start >= 0 && start <= part.count &- 32 && place >= 0 && place <= count &- 32)
        let from = part.extracting(start..<start &+ 32)
        var to = _mutatingExtracting(place..<place &+ 32)
        let (first, second) = (from.bigEndian(at: 0, width: 8), from.bigEndian(at: 8, width: 8))
        let (third, fourth) = (from.bigEndian(at: 16, width: 8), from.bigEndian(at: 24, width: 8))
        to.setWord(at: 0, first)
        to.setWord(at: 8, second)
        to.setWord(at: 16, third)
        to.setWord(at: 24, fourth)
    }

    /// Writes `value` in eight bytes, most significant first: written out, so that it becomes one store.
    @inline(__always) mutating func setWord(at place: Int, _ value: UInt64) {
        // One check ahead of all.
        precondition(place >= 0 && place <= count &- 8)
        var part = _mutatingExtracting(place..<place &+ 8)
        part[0] = UInt8(truncatingIfNeeded: value >> 56)
        part[1] = UInt8(truncatingIfNeeded: value >> 48)
        part[2] = UInt8(truncatingIfNeeded: value >> 40)
        part[3] = UInt8(truncatingIfNeeded: value >> 32)
        part[4] = UInt8(truncatingIfNeeded: value >> 24)
        part[5] = UInt8(truncatingIfNeeded: value >> 16)
        part[6] = UInt8(truncatingIfNeeded: value >> 8)
        part[7] = UInt8(truncatingIfNeeded: value)
    }
}

extension [UInt8] {
    /// Appends `value` in `width` bytes, most significant first.
    package mutating func appendBigEndian(_ value: UInt64, width: Int) {
        var shift = UInt64(width &* 8)
        while shift > 0 {
            shift &-= 8
            append(UInt8(truncatingIfNeeded: value &>> shift))
        }
    }

    /// Appends `value` in decimal digits, without leading zeros and without a String.
    package mutating func appendDecimal(_ value: UInt64) {
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor &*= 10 }
        while divisor > 0 {
            append(UInt8(truncatingIfNeeded: value / divisor % 10) &+ 0x30)
            divisor /= 10
        }
    }

    /// Appends `value` in exactly `width` lower-case hexadecimal digits.
    package mutating func appendHex(_ value: UInt64, width: Int) {
        var shift = UInt64(width &* 4)
        while shift > 0 {
            shift &-= 4
            append(hexDigit(UInt8(truncatingIfNeeded: value &>> shift) & 0xF))
        }
    }
}

/// The decimal digits of a number below 100,000,000, all eight of them, the first one highest.
func eightDigits(_ number: UInt64) -> UInt64 {
    // Halves, their halves and theirs side by side, each divided by a multiplication.
    var parts = (number / 10_000) &<< 32 | number % 10_000
    let hundreds = (parts &* 10_486) &>> 20 & 0x0000_007F_0000_007F
    parts = hundreds &<< 16 | (parts &- hundreds &* 100)
    let tens = (parts &* 103) &>> 10 & 0x000F_000F_000F_000F
    return tens &<< 8 | (parts &- tens &* 10) | 0x3030_3030_3030_3030
}

func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? nibble &+ 0x30 : nibble &+ 0x57 }

func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
