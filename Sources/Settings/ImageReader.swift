// SPDX-License-Identifier: Apache-2.0
/// Reads the fields of the settings image back, believing none of them.
///
/// Used by SettingsImage.decode, which has checked magic, version, length and checksum. Every length is held against
/// what is left before anything is made of it, every number against SettingsLimits.
/// Invariant: 0 <= at <= end <= bytes.count, and no allocation is larger than the bytes that stand for it.

struct ImageReader {
    private var at: Int
    private let end: Int

    init(at: Int, end: Int) {
        self.at = at
        self.end = end
    }

    var atEnd: Bool { at == end }

    mutating func uint8(_ bytes: Span<UInt8>) throws(SettingsImageError) -> UInt8 {
        try need(1)
        defer { at += 1 }
        return bytes[at]
    }

    mutating func uint32(_ bytes: Span<UInt8>) throws(SettingsImageError) -> UInt32 {
        try need(4)
        var value: UInt32 = 0
        for index in 0..<4 { value |= UInt32(bytes[at + index]) << UInt32(8 * index) }
        at += 4
        return value
    }

    mutating func uint64(_ bytes: Span<UInt8>) throws(SettingsImageError) -> UInt64 {
        let low = try uint32(bytes)
        return UInt64(low) | UInt64(try uint32(bytes)) << 32
    }

    mutating func flag(_ bytes: Span<UInt8>) throws(SettingsImageError) -> Bool {
        switch try uint8(bytes) {
        case 0: return false
        case 1: return true
        default: throw .corrupt("flag")
        }
    }

    mutating func number(
        _ bytes: Span<UInt8>, _ field: String, _ limits: ClosedRange<Int>
    ) throws(SettingsImageError) -> Int {
        let raw = try uint64(bytes)
        guard let value = Int(exactly: raw), limits.contains(value) else { throw .corrupt(field) }
        return value
    }

    mutating func choice<Choice: RawRepresentable<UInt8>>(
        _ bytes: Span<UInt8>, _ field: String, _: Choice.Type
    ) throws(SettingsImageError) -> Choice {
        guard let value = Choice(rawValue: try uint8(bytes)) else { throw .corrupt(field) }
        return value
    }

    mutating func duration(_ bytes: Span<UInt8>, _ field: String) throws(SettingsImageError) -> Duration {
        guard let value = try optionalDuration(bytes, field) else { throw .corrupt(field) }
        return value
    }

    mutating func optionalDuration(_ bytes: Span<UInt8>, _ field: String) throws(SettingsImageError) -> Duration? {
        let raw = try uint64(bytes)
        if raw == ImageWriter.noDuration { return nil }
        guard raw <= SettingsLimits.longest.imageNanoseconds else { throw .corrupt(field) }
        return .nanoseconds(Int64(raw))
    }

    mutating func text(_ bytes: Span<UInt8>, _ field: String) throws(SettingsImageError) -> String {
        let count = Int(try uint32(bytes))
        guard count <= SettingsLimits.text else { throw .corrupt(field) }
        try need(count)
        var copy: [UInt8] = []
        copy.reserveCapacity(count)
        for index in at..<at + count { copy.append(bytes[index]) }
        at += count
        guard let text = String(validating: copy, as: UTF8.self) else { throw .corrupt(field) }
        return text
    }

    mutating func optionalText(_ bytes: Span<UInt8>, _ field: String) throws(SettingsImageError) -> String? {
        try flag(bytes) ? try text(bytes, field) : nil
    }

    mutating func list<Element>(
        _ bytes: Span<UInt8>, _ field: String, _ limits: ClosedRange<Int>,
        each: (inout Self, Span<UInt8>) throws(SettingsImageError) -> Element
    ) throws(SettingsImageError) -> [Element] {
        let count = Int(try uint32(bytes))
        guard limits.contains(count) else { throw .corrupt(field) }
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try each(&self, bytes)) }
        return elements
    }

    private func need(_ count: Int) throws(SettingsImageError) {
        guard count <= end - at else { throw .truncated }
    }
}
