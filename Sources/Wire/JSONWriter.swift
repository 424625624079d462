// SPDX-License-Identifier: Apache-2.0

/// Writes JSON on one line, by appending: objects, arrays, members, strings, numbers.
///
/// Used by the decoders (what was decoded), the line services, `tail --json` and every `--json` output.
/// Invariant: what it has written is valid JSON in valid UTF-8 without a line break, whatever bytes it is given,
/// provided that begin and end are paired and every member has one value.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8]
    private var needsComma = false
    /// Beyond so many bytes, text is no longer escaped but left out, and `isOverLimit` tells so.
    var limit = Int.max
    private(set) var isOverLimit = false

    package init() {
        bytes = []
    }

    /// Goes on behind what `bytes` holds; hand the array over and take it back with `finish` to keep its memory.
    package init(appendingTo bytes: consuming [UInt8]) {
        self.bytes = consume bytes
    }

    package consuming func finish() -> [UInt8] { bytes }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
        isOverLimit = false
    }

    package mutating func beginObject() { open(0x7B) }
    package mutating func endObject() { close(0x7D) }
    package mutating func beginArray() { open(0x5B) }
    package mutating func endArray() { close(0x5D) }

    /// The name of a member; its value is written next.
    package mutating func member(_ name: String) {
        string(name)
        colon()
    }

    /// A name of our own, which needs no escape: on the hot paths looking for one would cost more than all the rest.
    mutating func member(plain name: String) {
        beginString()
        bytes.append(contentsOf: name.utf8)
        endString()
        colon()
    }

    package mutating func member(_ bytes: Span<UInt8>, in range: Range<Int>) {
        string(bytes, in: range)
        colon()
    }

    package mutating func string(_ text: String) {
        beginString()
        for byte in text.utf8 { appendEscaped(byte) }
        endString()
    }

    /// A string of any bytes: each one that is part of no valid UTF-8 sequence becomes U+FFFD.
    package mutating func string(_ span: Span<UInt8>, in range: Range<Int>) {
        beginString()
        text(span, in: range)
        endString()
    }

    /// A string in pieces: begin, any number of `text`, end. No piece may end inside a UTF-8 sequence.
    mutating func beginString() {
        beginValue()
        bytes.append(0x22)
    }

    mutating func endString() {
        bytes.append(0x22)
        needsComma = true
    }

    package mutating func base64(_ span: Span<UInt8>) {
        beginString()
        Base64.append(span, to: &bytes)
        endString()
    }

    package mutating func integer(_ value: UInt64) {
        beginValue()
        bytes.appendDecimal(value)
        needsComma = true
    }

    package mutating func bool(_ value: Bool) { literal(value ? "true" : "false") }
    package mutating func null() { literal("null") }

    /// A value that is JSON already.
    package mutating func raw(_ json: Span<UInt8>) {
        beginValue()
        json.append(json.indices, to: &bytes)
        needsComma = true
    }

    /// Ends a line: the next value begins a new document.
    package mutating func newline() {
        bytes.append(0x0A)
        needsComma = false
    }

    /// A string whose inside `append` writes, of characters that need no escape (an id, a time).
    mutating func string(writtenBy append: (inout [UInt8]) -> Void) {
        beginString()
        append(&bytes)
        endString()
    }

    private mutating func beginValue() {
        if needsComma { bytes.append(0x2C) }
    }

    private mutating func colon() {
        bytes.append(0x3A)
        needsComma = false
    }

    private mutating func open(_ bracket: UInt8) {
        beginValue()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func literal(_ text: String) {
        beginValue()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    mutating func text(_ span: Span<UInt8>, in range: Range<Int>) {
        var index = range.lowerBound
        var plainStart = index
        while index < range.upperBound {
            let byte = span[index]
            if byte >= 0x20, byte < 0x7F, byte != 0x22, byte != 0x5C {
                index &+= 1
                continue
            }
            let length = byte < 0x80 ? 0 : UTF8Text.sequenceLength(span, at: index, end: range.upperBound)
            if length > 0 {
                index &+= length
                continue
            }
            if bytes.count > limit {
                isOverLimit = true
                return
            }
            span.append(plainStart..<index, to: &bytes)
            if byte < 0x80 {
                appendEscaped(byte)
            } else {
                UTF8Text.append(scalar: 0xFFFD, to: &bytes)
            }
            index &+= 1
            plainStart = index
        }
        span.append(plainStart..<range.upperBound, to: &bytes)
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case 0x22, 0x5C: appendEscape(byte)
        case 0x08: appendEscape(0x62)
        case 0x09: appendEscape(0x74)
        case 0x0A: appendEscape(0x6E)
        case 0x0C: appendEscape(0x66)
        case 0x0D: appendEscape(0x72)
        case 0x00..<0x20, 0x7F:
            appendEscape(0x75)
            bytes.appendHex(UInt64(byte), width: 4)
        default: bytes.append(byte)
        }
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(0x5C)
        bytes.append(byte)
    }
}
