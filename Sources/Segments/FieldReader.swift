// SPDX-License-Identifier: Apache-2.0
/// Reads the fields of checkpoints, slots and a supervisor's state back, believing none of them.
///
/// What leaves the bytes, or can't be, reads as zero and marks the whole as broken: asked once, at the end.
/// Invariant: 0 <= at <= the bytes' count, and no list is longer than the bytes that stand for it.

internal import LinuxIO

package struct FieldReader {
    package private(set) var at: Int
    package private(set) var isBroken = false

    package init(at: Int = 0) { self.at = at }

    package mutating func fail() { isBroken = true }

    package mutating func uint8(_ bytes: Span<UInt8>) -> UInt8 { take(1, bytes).map { bytes[$0] } ?? 0 }
    package mutating func uint32(_ bytes: Span<UInt8>) -> UInt32 { take(4, bytes).map { bytes.uint32(at: $0) } ?? 0 }
    package mutating func uint64(_ bytes: Span<UInt8>) -> UInt64 { take(8, bytes).map { bytes.uint64(at: $0) } ?? 0 }

    /// A sequence or a count. The greatest leaves room to add some of them up, and is not reached: at ten million messages
    /// a second it takes 228 years.
    package mutating func number(_ bytes: Span<UInt8>) -> UInt64 {
        let value = uint64(bytes)
        guard value <= Self.greatest else {
            fail()
            return 0
        }
        return value
    }

    static let greatest: UInt64 = (1 << 56) - 1

    package mutating func flag(_ bytes: Span<UInt8>) -> Bool {
        let value = uint8(bytes)
        if value > 1 { fail() }
        return value == 1
    }

    package mutating func bytes(_ bytes: Span<UInt8>) -> [UInt8] {
        let count = Int(uint32(bytes))
        guard let place = take(count, bytes) else { return [] }
        var copy: [UInt8] = []
        copy.append(copying: bytes.extracting(place..<place + count))
        return copy
    }

    package mutating func text(_ bytes: Span<UInt8>) -> String {
        guard let text = String(validating: self.bytes(bytes), as: UTF8.self) else {
            fail()
            return ""
        }
        return text
    }

    /// - Parameter least: bytes that an element takes at least.
    package mutating func list<Element>(
        _ bytes: Span<UInt8>, least: Int, _ each: (inout FieldReader, Span<UInt8>) -> Element
    ) -> [Element] {
        let count = Int(uint32(bytes))
        guard count * least <= bytes.count - at else {
            fail()
            return []
        }
        var elements: [Element] = []
        for _ in 0..<count where !isBroken { elements.append(each(&self, bytes)) }
        return elements
    }

    /// As many numbers as there should be; those that an older format did not have are 0.
    package mutating func numbers(_ bytes: Span<UInt8>, count: Int) -> [UInt64] {
        let found = list(bytes, least: 8) { $0.number($1) }
        guard found.count <= count else {
            fail()
            return [UInt64](repeating: 0, count: count)
        }
        return found + [UInt64](repeating: 0, count: count - found.count)
    }

    private mutating func take(_ count: Int, _ bytes: Span<UInt8>) -> Int? {
        guard !isBroken, count <= bytes.count - at else {
            isBroken = true
            return nil
        }
        defer { at += count }
        return at
    }
}
