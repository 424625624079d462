// SPDX-License-Identifier: Apache-2.0
/// How long a broker took to work again behind what was done to it: from that moment until the next notification had been
/// accepted and delivered, and of what that time consists, where it can be seen. Used by Soak, printed by SoakTests.
/// Invariant: the parts of one time follow each other, and together are the whole.

struct RecoveryTimes {
    private struct Times {
        var whole: [UInt64] = []
        var parts: [(name: String, times: [UInt64])] = []
    }

    private var times: [String: Times] = [:]

    /// Nanoseconds; each time of the same event has the same parts.
    mutating func note(_ event: String, _ whole: UInt64, parts: [(name: String, time: UInt64)] = []) {
        var all = times[event] ?? Times(parts: parts.map { (name: $0.name, times: []) })
        all.whole.append(whole)
        for (index, part) in parts.enumerated() { all.parts[index].times.append(part.time) }
        times[event] = all
    }

    func count(_ event: String) -> Int { times[event]?.whole.count ?? 0 }

    /// "kill -9 of the acceptor: median 31 ms, worst 80 ms of 12", each event on its own line, with its parts behind it.
    var lines: [String] {
        times.sorted { $0.key < $1.key }.map { event, times in
            let parts = times.parts.map { "; \($0.name): \(text($0.times))" }
            return "\(event): \(text(times.whole)) of \(times.whole.count)\(parts.joined())"
        }
    }

    private func text(_ times: [UInt64]) -> String {
        let sorted = times.sorted().map { $0 / 1_000_000 }
        return "median \(sorted[sorted.count / 2]) ms, worst \(sorted[sorted.count - 1]) ms"
    }
}
