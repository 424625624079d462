// SPDX-License-Identifier: Apache-2.0
/// A text that somebody else wrote, fit for a terminal and for a report.
///
/// Used by the supervisor for the words of failures, which may be what a service said.
/// Invariant: no control character is left, none that turns the direction of writing, and none that ends a line.

package enum PrintableText {
    package static func clean(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isPrintable($0) ? $0 : " " }))
    }

    package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // C0, DEL and C1.
        case 0..<0x20, 0x7F..<0xA0: false
        // Marks, embeddings and isolates of direction; separators of lines and paragraphs.
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}
