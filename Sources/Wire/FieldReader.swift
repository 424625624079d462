// SPDX-License-Identifier: Apache-2.0

/// Reads the fields of a payload one behind the other, believing none of their lengths.
///
/// Used by KeeperFrame.
/// Invariant: 0 <= at <= end, and nothing behind `end` is read; nil once something does not fit.
struct FieldReader {
    private var at: Int
    private let end: Int

    init(at: Int, end: Int) {
        self.at = at
        self.end = end
    }

    var atEnd: Bool { at == end }

    mutating func integer(_ bytes: Span<UInt8>, _ width: Int) -> UInt64? {
        guard width <= end - at else { return nil }
        defer { at += width }
        return bytes.bigEndian(at: at, width: width)
    }

    /// Bytes behind their length.
    mutating func text(_ bytes: Span<UInt8>) -> [UInt8]? {
        guard let length = integer(bytes, 4), length <= UInt64(end - at) else { return nil }
        var text: [UInt8] = []
        bytes.append(at..<at + Int(length), to: &text)
        at += Int(length)
        return text
    }

    mutating func string(_ bytes: Span<UInt8>) -> String? {
        text(bytes).flatMap { String(validating: $0, as: Unicode.UTF8.self) }
    }
}
