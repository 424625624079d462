// SPDX-License-Identifier: Apache-2.0
/// One thing that is wrong in a configuration file: where, which key, what, and what would be right.
///
/// Collected by everything in this module, printed by `belfry check` and at the start of belfryd.
/// Invariant: a fault is one line; faults come out in the order of the file.

package struct SettingsFault: Equatable, Sendable {
    /// Both from 1; nil when the file as a whole is meant.
    package struct Place: Hashable, Comparable, Sendable {
        package var line: Int
        package var column: Int

        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        package static func < (left: Place, right: Place) -> Bool {
            (left.line, left.column) < (right.line, right.column)
        }
    }

    package var place: Place?
    /// With the keys above it, "services[2].mode"; empty when the file as a whole is meant.
    package var key: String
    /// What is wrong; what would be right.
    package var sentence: String

    package init(_ place: Place?, _ key: String, _ sentence: String) {
        self.place = place
        self.key = key
        self.sentence = sentence
    }

    /// "belfry.yaml:3:8: workers.count: is 0; a number from 1 to 64 would be right".
    package func text(file: String) -> String {
        let location = place.map { "\(file):\($0.line):\($0.column)" } ?? file
        let words = key.isEmpty ? sentence : "\(key): \(sentence)"
        return "\(location): " + words.map { $0.isNewline ? " " : String($0) }.joined()
    }
}

/// All that is wrong with one file.
package struct SettingsFaults: Error, Equatable, CustomStringConvertible {
    package let file: String
    package let faults: [SettingsFault]

    /// One line each, in the order of the file.
    package var description: String { faults.map { $0.text(file: file) }.joined(separator: "\n") }
}

/// Where faults are put while a file is read.
final class FaultList {
    private(set) var faults: [SettingsFault] = []
    private(set) var warnings: [SettingsFault] = []

    func add(_ place: SettingsFault.Place?, _ key: String, _ sentence: String) {
        faults.append(SettingsFault(place, key, sentence))
    }

    func warn(_ place: SettingsFault.Place?, _ key: String, _ sentence: String) {
        warnings.append(SettingsFault(place, key, sentence))
    }

    static func sorted(_ faults: [SettingsFault]) -> [SettingsFault] {
        let first = SettingsFault.Place(line: 0, column: 0)
        // Stable: faults of one place stay in the order in which they were found.
        return faults.enumerated()
            .sorted { ($0.element.place ?? first, $0.offset) < ($1.element.place ?? first, $1.offset) }
            .map(\.element)
    }
}
