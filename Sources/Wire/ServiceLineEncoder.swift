// SPDX-License-Identifier: Apache-2.0

/// Encodes lines one after the other, and keeps what two neighbours share: all of the id but the digits of its sequence,
/// and everything from the protocol to the body's name but the fraction of the second.
///
/// One per stream process in the worker; ServiceLine makes one for a single line.
/// Invariant: what it gives away, piece by piece, is the line that ServiceLine describes, whatever came before it.
package struct ServiceLineEncoder {
    /// `{"id":"…","topic":"`, and what it was made for.
    private var head = Stencil()
    private var headKey: (log: UInt64, epoch: UInt64, digits: Int)?
    private let source = Array(#"","source":""#.utf8)
    /// `","protocol":"…","time":"…","attempt":1,"body":"`, and what it was made for.
    private var middle = Stencil()
    private var middleKey: (line: ServiceLine, second: UInt64, isText: Bool)?
    private let end = Array("\"}\n".utf8)
    /// What has to be escaped, or is no text.
    private var scratch = JSONWriter()

    package init() {}

    /// - Parameters:
    ///   - decoded: the JSON object that the decoder made, or empty.
    ///   - put: gets the line in pieces.
    package mutating func encode(
        _ line: ServiceLine, topic: Span<UInt8>, source: Span<UInt8>, decoded: Span<UInt8>, body: Span<UInt8>,
        put: (Span<UInt8>) -> Void
    ) {
        putHead(line.id, put)
        putText(topic, put)
        put(self.source.span)
        putText(source, put)
        let isPlain = JSONText.isPlain(body)
        let isText = isPlain || UTF8Text.isValid(body)
        putMiddle(line, isText: isText, put)
        if isPlain { put(body) } else if isText { putText(body, put) } else { putBase64(body, put) }
        guard let name = line.kind.memberName, decoded.count > 0 else { return put(end.span) }
        scratch.removeAll()
        scratch.endString()
        scratch.member(plain: name)
        scratch.raw(decoded)
        scratch.endObject()
        scratch.newline()
        put(scratch.bytes.span)
    }

    private mutating func putHead(_ id: MessageID, _ put: (Span<UInt8>) -> Void) {
        let digits = id.sequence.decimalDigits
        if headKey.map({ $0 != (id.log, id.epoch, digits) }) ?? true {
            headKey = (id.log, id.epoch, digits)
            head = Stencil(width: digits) { bytes in
                bytes += #"{"id":""#.utf8
                id.append(to: &bytes)
                let field = bytes.count
                bytes += #"","topic":""#.utf8
                return field
            }
        }
        head.fill(id.sequence)
        put(head.bytes.span)
    }

    private mutating func putMiddle(_ line: ServiceLine, isText: Bool, _ put: (Span<UInt8>) -> Void) {
        let (second, fraction) = line.time.quotientAndRemainder(dividingBy: 1_000_000_000)
        let fits = middleKey.map { key in
            key.second == second && key.isText == isText && key.line.attempt == line.attempt
                && key.line.wireProtocol == line.wireProtocol && key.line.isRedelivered == line.isRedelivered
        }
        if fits != true {
            middleKey = (line, second, isText)
            middle = Stencil(width: 9) { bytes in
                bytes += #"","protocol":""#.utf8
                bytes += line.wireProtocol.name.utf8
                bytes += #"","time":""#.utf8
                Timestamp.append(line.time, to: &bytes)
                // The time ends with its zone.
                let field = bytes.count - 1
                bytes += #"","attempt":"#.utf8
                bytes.appendDecimal(line.attempt)
                if line.isRedelivered { bytes += #","redelivered":true"#.utf8 }
                bytes += (isText ? #","body":""# : #","body64":""#).utf8
                return field
            }
        }
        middle.fill(fraction)
        put(middle.bytes.span)
    }

    private mutating func putText(_ text: Span<UInt8>, _ put: (Span<UInt8>) -> Void) {
        if JSONText.isPlain(text) { return put(text) }
        scratch.removeAll()
        scratch.text(text, in: text.indices)
        put(scratch.bytes.span)
    }

    private mutating func putBase64(_ bytes: Span<UInt8>, _ put: (Span<UInt8>) -> Void) {
        var text: [UInt8] = []
        Base64.append(bytes, to: &text)
        put(text.span)
    }
}

/// A text with one decimal number of fixed width in it, which alone is written anew.
private struct Stencil {
    private(set) var bytes: [UInt8] = []
    private var width = 0
    /// Behind the number.
    private var end = 0

    init() {}

    /// - Parameter write: writes the text with any such number in it, and returns where the number ends.
    init(width: Int, write: (inout [UInt8]) -> Int) {
        self.width = width
        end = write(&bytes)
    }

    mutating func fill(_ number: UInt64) {
        let first = end &- width
        var rest = number
        var place = end
        var span = bytes.mutableSpan
        while place &- first >= 8 {
            place &-= 8
            span.setWord(at: place, eightDigits(rest % 100_000_000))
            rest /= 100_000_000
        }
        while place > first {
            place &-= 1
            span[place] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
            rest /= 10
        }
    }
}

extension UInt64 {
    /// How many digits its decimal text has.
    fileprivate var decimalDigits: Int {
        var (count, bound) = (1, UInt64(10))
        while count < 20, self >= bound {
            count &+= 1
            bound = bound &* 10
        }
        return count
    }
}
