// SPDX-License-Identifier: Apache-2.0
/// A JSON document as values: what the broker answered, for whoever wants to filter, sort or show it.
///
/// Used by the command-line tool, which asks for JSON and makes the text for people out of it.
/// Invariant: members keep their order and numbers their digits, so that what is not looked at is written as it came.

package import Wire

package enum JSONValue: Equatable, Sendable {
    package struct Member: Equatable, Sendable {
        package var name: String
        package var value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    case object([Member])
    case array([JSONValue])
    case string(String)
    /// As it stood there.
    case number(String)
    case bool(Bool)
    case null

    /// nil if the bytes are no JSON object.
    package init?(document bytes: [UInt8]) {
        guard let members = Self.members(bytes.span) else { return nil }
        self = .object(members)
    }

    package subscript(name: String) -> JSONValue? {
        members.first { $0.name == name }?.value
    }

    package var members: [Member] { if case .object(let members) = self { members } else { [] } }
    package var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var count: UInt64? { if case .number(let digits) = self { UInt64(digits) } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// Nanoseconds since 1970, of an RFC 3339 text as Wire.Timestamp writes it.
    package var time: UInt64? { string.flatMap(Timestamp.parse) }

    package func write(into json: inout JSONWriter) {
        switch self {
        case .object(let members):
            json.beginObject()
            for member in members {
                json.member(member.name)
                member.value.write(into: &json)
            }
            json.endObject()
        case .array(let elements):
            json.beginArray()
            for element in elements { element.write(into: &json) }
            json.endArray()
        case .string(let text): json.string(text)
        case .number(let digits): json.raw(Array(digits.utf8).span)
        case .bool(let value): json.bool(value)
        case .null: json.null()
        }
    }

    private static func members(_ bytes: Span<UInt8>) -> [Member]? {
        var found: [JSONScanner.Member] = []
        guard JSONScanner.scanObject(bytes, visit: { found.append($0) }) else { return nil }
        return found.map { Member(text(bytes, in: $0.name), value(bytes.extracting($0.value))) }
    }

    /// `bytes`: one value that the scanner has found valid.
    private static func value(_ bytes: Span<UInt8>) -> JSONValue {
        switch bytes[0] {
        case 0x7B: return .object(members(bytes) ?? [])
        case 0x5B:
            var found: [Range<Int>] = []
            _ = JSONScanner.scanArray(bytes) { found.append($0) }
            return .array(found.map { value(bytes.extracting($0)) })
        case 0x22: return .string(text(bytes, in: 1..<bytes.count - 1))
        case 0x74: return .bool(true)
        case 0x66: return .bool(false)
        case 0x6E: return .null
        default: return .number(text(bytes, in: bytes.indices))
        }
    }

    private static func text(_ bytes: Span<UInt8>, in range: Range<Int>) -> String {
        var text: [UInt8] = []
        JSONText.appendUnescaped(bytes, in: range, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
