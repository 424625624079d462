// SPDX-License-Identifier: Apache-2.0
/// Percentiles of the latencies of one run, by HdrHistogram.
///
/// Used for the rows about latency and cold start.
/// Invariant: a latency counts from the time at which the message was to be sent, not from when it was: a sender that
/// was held up is part of what is measured (no coordinated omission), and nothing needs to be corrected here.

import Histogram

package struct LatencyCurve: Sendable {
    /// Those that are reported and drawn.
    package static let percentiles: [Double] = [10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99]

    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 100, highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .three)

    /// Nanoseconds by sequence number. The first tenth is left out, of every contender: code, caches and buffers of all
    /// of them warm up there. Zero is a message that was never received, which fails the run elsewhere.
    package init(nanoseconds: [UInt64], leavingOutFirst share: Double = 0.1) {
        for latency in nanoseconds.dropFirst(Int(Double(nanoseconds.count) * share)) where latency > 0 {
            histogram.record(min(latency, 60_000_000_000))
        }
    }

    package var count: Int { Int(histogram.totalCount) }

    /// In microseconds.
    package func value(at percentile: Double) -> Double {
        Double(histogram.valueAtPercentile(percentile)) / 1000
    }
}
