// SPDX-License-Identifier: Apache-2.0
/// Numbers with units, as the configuration writes them.
///
/// Used by Section. Whole numbers only, no blank before the unit.
/// Invariant: nil for everything that has not exactly the form; never traps on a number that is too large.

enum Units {
    static func number(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }

    /// "25%".
    static func percent(_ text: String) -> Int? { text.hasSuffix("%") ? number(String(text.dropLast())) : nil }

    /// "512", "64KiB", "8MiB", "1GiB".
    static func bytes(_ text: String) -> Int? {
        for (unit, shift) in [("KiB", 10), ("MiB", 20), ("GiB", 30)] where text.hasSuffix(unit) {
            return number(String(text.dropLast(3))).flatMap { product($0, 1 << shift) }
        }
        return number(text)
    }

    /// "500ms", "30s", "5m", "1h", "2d", and "0".
    static func duration(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        // "ms" before "s" and "m": the longer unit is looked for first.
        for (unit, milliseconds) in [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        where text.hasSuffix(unit) {
            guard let number = number(String(text.dropLast(unit.count))) else { return nil }
            return product(number, milliseconds).map { .milliseconds($0) }
        }
        return nil
    }

    static func text(bytes: Int) -> String {
        for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] where bytes >= 1 << shift {
            if bytes % (1 << shift) == 0 { return "\(bytes >> shift)\(unit)" }
        }
        return "\(bytes)"
    }

    /// In the greatest unit that tells it exactly, down to milliseconds.
    static func text(_ duration: Duration) -> String {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] as [(String, Int64)] {
            if milliseconds > 0, milliseconds % length == 0 { return "\(milliseconds / length)\(unit)" }
        }
        return "\(milliseconds)ms"
    }

    private static func product(_ left: Int, _ right: Int) -> Int? {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? nil : product
    }
}
