// SPDX-License-Identifier: Apache-2.0

/// The structured data of RFC 5424, section 6.3: `[ID NAME="VALUE" …]`, any number of times, as a JSON object of objects.
///
/// Used by the syslog decoder.
/// Invariant: no name stands twice in an object that is written. A parameter that is given more than once becomes an
/// array of its values; of elements with the same ID, which the RFC forbids, the first counts.
enum StructuredData {
    /// More parameters than this are not taken apart: looking for repeated ones costs the square of their number.
    static let maximumParameters = 128

    /// The end of the elements that begin at the start of `range`; nil if they have not the right form, or are too many.
    static func end(_ bytes: Span<UInt8>, in range: Range<Int>) -> Int? {
        var index = range.lowerBound
        var count = 0
        while index < range.upperBound, bytes[index] == 0x5B {
            guard let id = name(bytes, from: index &+ 1, end: range.upperBound) else { return nil }
            index = id.upperBound
            while let parameter = parameter(bytes, from: index, end: range.upperBound) {
                index = parameter.next
                count &+= 1
            }
            guard index < range.upperBound, bytes[index] == 0x5D else { return nil }
            index &+= 1
            count &+= 1
            if count > maximumParameters { return nil }
        }
        return index > range.lowerBound ? index : nil
    }

    /// `range`: elements whose form `end` has checked.
    static func write(_ bytes: Span<UInt8>, in range: Range<Int>, to writer: inout JSONWriter) {
        writer.beginObject()
        var index = range.lowerBound
        while let id = name(bytes, from: index &+ 1, end: range.upperBound) {
            let isFirst = !hasElement(bytes, named: id, in: range.lowerBound..<index)
            if isFirst {
                writer.member(bytes, in: id)
                writeParameters(bytes, from: id.upperBound, end: range.upperBound, to: &writer)
            }
            index = afterElement(bytes, id, end: range.upperBound)
            if index == range.upperBound { break }
        }
        writer.endObject()
    }

    private struct Parameter {
        var name: Range<Int>
        /// Between the quotes, with its escapes.
        var value: Range<Int>
        var next: Int
    }

    private static func writeParameters(
        _ bytes: Span<UInt8>, from start: Int, end: Int, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        var index = start
        while let parameter = parameter(bytes, from: index, end: end) {
            if find(bytes, parameter.name, from: start, end: index) == nil {
                writer.member(bytes, in: parameter.name)
                writeValues(bytes, parameter, end: end, to: &writer)
            }
            index = parameter.next
        }
        writer.endObject()
    }

    /// The value of `first`, or an array of it and those of the same name behind it.
    private static func writeValues(
        _ bytes: Span<UInt8>, _ first: Parameter, end: Int, to writer: inout JSONWriter
    ) {
        var again = find(bytes, first.name, from: first.next, end: end)
        guard again != nil else {
            writeValue(bytes, first.value, to: &writer)
            return
        }
        writer.beginArray()
        writeValue(bytes, first.value, to: &writer)
        while let parameter = again {
            writeValue(bytes, parameter.value, to: &writer)
            again = find(bytes, first.name, from: parameter.next, end: end)
        }
        writer.endArray()
    }

    /// A backslash before `"`, `\` or `]` is taken away; before anything else it is an ordinary character.
    private static func writeValue(_ bytes: Span<UInt8>, _ range: Range<Int>, to writer: inout JSONWriter) {
        writer.beginString()
        var start = range.lowerBound
        while let backslash = bytes.first(0x5C, in: start..<range.upperBound), backslash &+ 1 < range.upperBound {
            let next = bytes[backslash &+ 1]
            let isEscape = next == 0x22 || next == 0x5C || next == 0x5D
            writer.text(bytes, in: start..<(isEscape ? backslash : backslash &+ 1))
            start = backslash &+ 1
            if isEscape {
                writer.text(bytes, in: start..<start &+ 1)
                start &+= 1
            }
        }
        writer.text(bytes, in: start..<range.upperBound)
        writer.endString()
    }

    /// The first parameter called `name` among those that begin in `start..<end`.
    private static func find(_ bytes: Span<UInt8>, _ name: Range<Int>, from start: Int, end: Int) -> Parameter? {
        var index = start
        while index < end, let parameter = parameter(bytes, from: index, end: end) {
            if isEqual(bytes, parameter.name, name) { return parameter }
            index = parameter.next
        }
        return nil
    }

    private static func hasElement(_ bytes: Span<UInt8>, named id: Range<Int>, in range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound, let other = name(bytes, from: index &+ 1, end: range.upperBound) {
            if isEqual(bytes, other, id) { return true }
            index = afterElement(bytes, other, end: range.upperBound)
        }
        return false
    }

    private static func afterElement(_ bytes: Span<UInt8>, _ id: Range<Int>, end: Int) -> Int {
        var index = id.upperBound
        while let parameter = parameter(bytes, from: index, end: end) { index = parameter.next }
        return index &+ 1
    }

    /// ` NAME="VALUE"` at `start`.
    private static func parameter(_ bytes: Span<UInt8>, from start: Int, end: Int) -> Parameter? {
        guard start < end, bytes[start] == 0x20, let name = name(bytes, from: start &+ 1, end: end),
            name.upperBound &+ 1 < end, bytes[name.upperBound] == 0x3D, bytes[name.upperBound &+ 1] == 0x22
        else { return nil }
        let valueStart = name.upperBound &+ 2
        var index = valueStart
        while index < end, bytes[index] != 0x22 {
            index &+= bytes[index] == 0x5C ? 2 : 1
        }
        guard index < end else { return nil }
        return Parameter(name: name, value: valueStart..<index, next: index &+ 1)
    }

    /// A name is of printable ASCII without `=`, space, `]` and `"`.
    private static func name(_ bytes: Span<UInt8>, from start: Int, end: Int) -> Range<Int>? {
        var index = start
        while index < end {
            let byte = bytes[index]
            guard byte > 0x20, byte < 0x7F, byte != 0x3D, byte != 0x5D, byte != 0x22 else { break }
            index &+= 1
        }
        return index > start ? start..<index : nil
    }

    private static func isEqual(_ bytes: Span<UInt8>, _ one: Range<Int>, _ other: Range<Int>) -> Bool {
        guard one.count == other.count else { return false }
        for offset in 0..<one.count
        where bytes[one.lowerBound &+ offset] != bytes[other.lowerBound &+ offset] { return false }
        return true
    }
}
