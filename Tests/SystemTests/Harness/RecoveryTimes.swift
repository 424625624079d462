// SPDX-License-Identifier: Apache-2.0
/// How long a broker took to work again after a kill, by role: from the signal until the next notification had been
/// accepted and delivered. Used by Soak, printed by SoakTests.

struct RecoveryTimes {
    private var times: [String: [UInt64]] = [:]

    mutating func note(_ role: String, nanoseconds: UInt64) { times[role, default: []].append(nanoseconds) }

    func count(_ role: String) -> Int { times[role]?.count ?? 0 }

    /// "acceptor: median 31 ms, worst 80 ms of 12", each role on its own line.
    var lines: [String] {
        times.sorted { $0.key < $1.key }.map { role, times in
            let sorted = times.sorted()
            return "\(role): median \(text(sorted[sorted.count / 2])), worst \(text(sorted[sorted.count - 1])) "
                + "of \(sorted.count)"
        }
    }

    private func text(_ nanoseconds: UInt64) -> String { "\(nanoseconds / 1_000_000) ms" }
}
