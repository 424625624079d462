// SPDX-License-Identifier: Apache-2.0
/// A text that somebody else wrote, fit for a terminal and for a report.
///
/// Used by the supervisor for the words of failures, which may be what a service said.
/// Invariant: no control character is left, none that turns the direction of writing or is not seen, and none that ends a
/// line.

package enum PrintableText {
    package static func clean(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isPrintable($0) ? $0 : " " }))
    }

    package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20..<0x7F: true
        // They only join letters and pictures.
        case 0x200C, 0x200D: true
        // Marks, embeddings and isolates of direction are format characters.
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
            default: true
            }
        }
    }
}
