// SPDX-License-Identifier: Apache-2.0
/// Values of settings in the words of the configuration file: "30s", "8MiB", "[a, b]", "none".
///
/// Used by SettingsDifference. Pure.
/// Invariant: two values have the same words only if they are the same.

internal import Settings

enum SettingWords {
    static func duration(_ value: Duration?) -> String {
        guard let value else { return "none" }
        let (seconds, attoseconds) = value.components
        guard attoseconds % 1_000_000_000_000_000 == 0 else { return "\(value)" }
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        if milliseconds == 0 { return "0" }
        for (unit, count) in [("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        where milliseconds % count == 0 {
            return "\(milliseconds / count)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    static func bytes(_ value: Int) -> String {
        for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] where value >= 1 << shift {
            if value % (1 << shift) == 0 { return "\(value >> shift)\(unit)" }
        }
        return "\(value)"
    }

    static func list(_ words: [String]) -> String { "[" + words.map(word).joined(separator: ", ") + "]" }

    static func permission(_ value: Settings.Control.Permission?) -> String {
        guard let value else { return "as usual" }
        return "users \(list(value.users.map(String.init))), groups \(list(value.groups.map(String.init)))"
    }

    static func limit(_ value: UInt64) -> String { value == .max ? "infinity" : "\(value)" }

    /// In quotes where it would not be read as one plain word.
    private static func word(_ text: String) -> String {
        let special = ",[]{}\"':#".unicodeScalars
        let isPlain = text.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value != 0x7F && !special.contains($0)
        }
        if isPlain, !text.isEmpty { return text }
        let inner = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\u{0}"..<" ", "\u{7F}": "\\x\(String(scalar.value, radix: 16))"
            default: String(scalar)
            }
        }
        return "\"" + inner.joined() + "\""
    }
}
