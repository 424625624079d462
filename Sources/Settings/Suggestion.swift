// SPDX-License-Identifier: Apache-2.0
/// Which word was probably meant.
///
/// Used by SettingsFile for keys that do not exist, by the command-line tool for its users' words, and by the supervisor
/// for the names of services.
/// Invariant: always a key that exists, or all of them.

package enum Suggestion {
    /// "NAME would be right", or all there are.
    package static func text(for key: String, among known: [String]) -> String {
        let nearest = known.map { (key: $0, distance: distance(key.lowercased(), $0)) }.min {
            $0.distance < $1.distance
        }
        if let nearest, nearest.distance <= max(1, min(3, nearest.key.count / 3)) {
            return "\(nearest.key) would be right"
        }
        let all = Set(known).sorted().joined(separator: ", ")
        return known.isEmpty ? "none would be right" : "one of these would be right: \(all)"
    }

    /// Letters to insert, remove, replace or swap.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.utf8.prefix(64))
        let right = Array(right.utf8)
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, rows[i - 1][j - 1] + 1)
                }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
