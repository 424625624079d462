// SPDX-License-Identifier: Apache-2.0
/// What is measured: its name in the results, its heading, its unit, and how a figure of it is written.
///
/// Used by everything of the report; the runner fills them in.
/// Invariant: a raw value stands in results.json and never changes its meaning.

import Foundation

package enum Quantity: String, Codable, CaseIterable, Sendable {
    case rate, deliveries
    case p10, p25, p50, p75, p90, p95, p99, p995, p999, p9999
    case cpu, idleCPU, idleCalls, idleMemory, loadMemory

    /// The percentiles in their order, with the place of each.
    package static let curve: [(Quantity, Double)] = [
        (.p10, 10), (.p25, 25), (.p50, 50), (.p75, 75), (.p90, 90), (.p95, 95), (.p99, 99), (.p995, 99.5),
        (.p999, 99.9),
        (.p9999, 99.99),
    ]

    package var title: String {
        switch self {
        case .rate: "messages/s"
        case .deliveries: "deliveries/s"
        case .cpu: "CPU s per million"
        case .idleCPU: "idle CPU, µs a second"
        case .idleCalls: "idle system calls a second"
        case .idleMemory: "idle PSS, MB"
        case .loadMemory: "PSS under load, MB"
        default: "\(percentile) µs"
        }
    }

    /// Whether it stands in tables: of the percentiles only those that people ask for.
    package var isTold: Bool { percentile.isEmpty || [.p50, .p99, .p999].contains(self) }

    /// `p99.9`.
    package var percentile: String {
        guard let place = Self.curve.first(where: { $0.0 == self })?.1 else { return "" }
        return place == place.rounded() ? "p\(Int(place))" : "p\(place)"
    }

    /// Three digits that matter, thousands as k and millions as M where figures are rates.
    package func text(_ figure: Double) -> String {
        switch self {
        case .rate, .deliveries: Self.short(figure)
        default: Self.plain(figure)
        }
    }

    package static func short(_ figure: Double) -> String {
        switch abs(figure) {
        case 999_500...: plain(figure / 1_000_000) + " M"
        case 9_995...: plain(figure / 1000) + " k"
        default: plain(figure)
        }
    }

    /// `0.012`, `0.123`, `1.23`, `12.3`, `123`, `1,234`.
    package static func plain(_ figure: Double) -> String {
        let size = abs(figure)
        if size == 0 { return "0" }
        if size < 0.9995 { return String(format: "%.3f", figure) }
        if size < 9.995 { return String(format: "%.2f", figure) }
        if size < 99.95 { return String(format: "%.1f", figure) }
        return grouped(Int(figure.rounded()))
    }

    package static func grouped(_ number: Int) -> String {
        var digits = String(abs(number))
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }
}
