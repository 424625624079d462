// SPDX-License-Identifier: Apache-2.0

/// A strict scanner of RFC 8259 that finds the top-level members of an object (or elements of an array) and checks all
/// the rest.
///
/// Used by the decoders of JSON and CloudEvents on untrusted bytes, and by the command-line tool. No recursion, no allocation: the kinds of the open
/// containers are bits of one word.
/// Invariant: it accepts exactly what RFC 8259 calls an object (an array), in valid UTF-8, nested `maximumDepth` deep at most.
package struct JSONScanner {
    package static let maximumDepth = 64

    package struct Member: Sendable {
        /// The name between its quotes, with its escapes.
        package var name: Range<Int>
        /// The value as it stands there, without space around it.
        package var value: Range<Int>
    }

    private var index = 0
    private var depth = 0
    /// Bit n is set if the container at depth n is an object.
    private var objects: UInt64 = 0

    /// Calls `visit` for each top-level member in order. False if `bytes` are no JSON object: members may have been
    /// visited then, and mean nothing.
    package static func scanObject(_ bytes: Span<UInt8>, visit: (Member) -> Void) -> Bool {
        var scanner = JSONScanner()
        return scanner.object(bytes, visit)
    }

    /// Calls `visit` for each element in order, without space around it. False if `bytes` are no JSON array.
    package static func scanArray(_ bytes: Span<UInt8>, visit: (Range<Int>) -> Void) -> Bool {
        var scanner = JSONScanner()
        return scanner.array(bytes, visit)
    }

    private mutating func array(_ bytes: Span<UInt8>, _ visit: (Range<Int>) -> Void) -> Bool {
        skipSpace(bytes)
        guard take(0x5B, bytes) else { return false }
        depth = 1
        skipSpace(bytes)
        if !take(0x5D, bytes) {
            repeat {
                skipSpace(bytes)
                let start = index
                guard value(bytes) else { return false }
                visit(start..<index)
                skipSpace(bytes)
            } while take(0x2C, bytes)
            guard take(0x5D, bytes) else { return false }
        }
        skipSpace(bytes)
        return index == bytes.count
    }

    private mutating func object(_ bytes: Span<UInt8>, _ visit: (Member) -> Void) -> Bool {
        skipSpace(bytes)
        guard take(0x7B, bytes) else { return false }
        depth = 1
        skipSpace(bytes)
        if !take(0x7D, bytes) {
            repeat {
                guard let name = key(bytes) else { return false }
                skipSpace(bytes)
                let start = index
                guard value(bytes) else { return false }
                visit(Member(name: name, value: start..<index))
                skipSpace(bytes)
            } while take(0x2C, bytes)
            guard take(0x7D, bytes) else { return false }
        }
        skipSpace(bytes)
        return index == bytes.count
    }

    /// One value of any kind, with all that is in it.
    private mutating func value(_ bytes: Span<UInt8>) -> Bool {
        let base = depth
        while true {
            skipSpace(bytes)
            guard let step = beginValue(bytes) else { return false }
            if step == .opened { continue }
            guard let more = endValue(bytes, base: base) else { return false }
            if !more { return true }
        }
    }

    private enum Step { case opened, complete }

    /// A scalar or an empty container as a whole, or the opening of a container up to where its first value begins.
    private mutating func beginValue(_ bytes: Span<UInt8>) -> Step? {
        guard index < bytes.count else { return nil }
        switch bytes[index] {
        case 0x22: return string(bytes) != nil ? .complete : nil
        case 0x7B:
            guard push(isObject: true) else { return nil }
            skipSpace(bytes)
            if take(0x7D, bytes) { return pop() }
            return key(bytes) != nil ? .opened : nil
        case 0x5B:
            guard push(isObject: false) else { return nil }
            skipSpace(bytes)
            return take(0x5D, bytes) ? pop() : .opened
        case 0x74: return literal("true", bytes)
        case 0x66: return literal("false", bytes)
        case 0x6E: return literal("null", bytes)
        default: return number(bytes) ? .complete : nil
        }
    }

    /// Closes what a complete value closes. True if another value follows, false if the outermost one is complete.
    private mutating func endValue(_ bytes: Span<UInt8>, base: Int) -> Bool? {
        while depth > base {
            skipSpace(bytes)
            let isObject = objects &>> UInt64(depth &- 1) & 1 == 1
            if take(0x2C, bytes) {
                if !isObject { return true }
                return key(bytes) != nil ? true : nil
            }
            guard take(isObject ? 0x7D : 0x5D, bytes) else { return nil }
            depth &-= 1
        }
        return false
    }

    private mutating func push(isObject: Bool) -> Bool {
        guard depth < Self.maximumDepth else { return false }
        let bit = UInt64(1) &<< UInt64(depth)
        objects = isObject ? objects | bit : objects & ~bit
        depth &+= 1
        index &+= 1
        return true
    }

    private mutating func pop() -> Step {
        depth &-= 1
        return .complete
    }

    /// A name with its colon.
    private mutating func key(_ bytes: Span<UInt8>) -> Range<Int>? {
        skipSpace(bytes)
        guard let name = string(bytes) else { return nil }
        skipSpace(bytes)
        return take(0x3A, bytes) ? name : nil
    }

    private mutating func string(_ bytes: Span<UInt8>) -> Range<Int>? {
        guard take(0x22, bytes) else { return nil }
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x22 {
                index &+= 1
                return start..<index &- 1
            }
            if byte == 0x5C {
                guard escape(bytes) else { return nil }
            } else if byte < 0x80 {
                guard byte >= 0x20 else { return nil }
                index &+= 1
            } else {
                let length = UTF8Text.sequenceLength(bytes, at: index, end: bytes.count)
                guard length > 0 else { return nil }
                index &+= length
            }
        }
        return nil
    }

    private mutating func escape(_ bytes: Span<UInt8>) -> Bool {
        guard index &+ 1 < bytes.count else { return false }
        switch bytes[index &+ 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74:
            index &+= 2
            return true
        case 0x75:
            guard index &+ 6 <= bytes.count else { return false }
            for place in index &+ 2..<index &+ 6 where JSONText.hexValue(bytes[place]) == nil { return false }
            index &+= 6
            return true
        default:
            return false
        }
    }

    private mutating func number(_ bytes: Span<UInt8>) -> Bool {
        _ = take(0x2D, bytes)
        if !take(0x30, bytes) {
            guard digits(bytes) else { return false }
        }
        if take(0x2E, bytes) {
            guard digits(bytes) else { return false }
        }
        if take(0x65, bytes) || take(0x45, bytes) {
            if !take(0x2B, bytes) { _ = take(0x2D, bytes) }
            guard digits(bytes) else { return false }
        }
        return true
    }

    private mutating func digits(_ bytes: Span<UInt8>) -> Bool {
        let start = index
        while index < bytes.count, isDigit(bytes[index]) { index &+= 1 }
        return index > start
    }

    private mutating func literal(_ text: String, _ bytes: Span<UInt8>) -> Step? {
        guard bytes.begins(with: text, at: index) else { return nil }
        index &+= text.utf8.count
        return .complete
    }

    private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index &+= 1
        return true
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while index < bytes.count {
            let byte = bytes[index]
            guard byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D else { return }
            index &+= 1
        }
    }
}
