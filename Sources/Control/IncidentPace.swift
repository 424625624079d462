// SPDX-License-Identifier: Apache-2.0
/// How often the same incident is told: at once, then with its number once in a while.
///
/// Pure. Workers tell the supervisor by it, and the supervisor the keeper, each with a pause of its own.
/// Invariant: what is noted is told once, by itself or in a number; no more than `most` are remembered at a time.

package struct IncidentPace: Sendable {
    private struct Entry {
        /// With the number of those that are still to be told.
        var incident: Incident
        /// Monotonic nanoseconds; what comes before it waits until then.
        var next: UInt64
    }

    private let pause: UInt64
    private let most: Int
    private var entries: [Entry] = []

    /// - Parameter pause: nanoseconds between two of the same.
    package init(pause: UInt64, most: Int = 64) {
        self.pause = pause
        self.most = most
    }

    package mutating func note(_ incident: Incident) {
        if let place = entries.firstIndex(where: { $0.incident.isSame(as: incident) }) {
            entries[place].incident.count &+= incident.count
            entries[place].incident.time = incident.time
        } else {
            entries.append(Entry(incident: incident, next: 0))
        }
    }

    /// When the next one is to be told (monotonic nanoseconds); .max if there is none.
    package var deadline: UInt64 {
        if entries.count > most { return 0 }
        return entries.lazy.filter { $0.incident.count > 0 }.map(\.next).min() ?? .max
    }

    /// Those that are to be told now, in the order in which they came first.
    package mutating func due(at now: UInt64) -> [Incident] { tell(at: now, all: entries.count > most) }

    /// All that is not told yet: nobody will ask again.
    package mutating func rest() -> [Incident] { tell(at: .max, all: true) }

    private mutating func tell(at now: UInt64, all: Bool) -> [Incident] {
        var due: [Incident] = []
        for place in entries.indices where entries[place].incident.count > 0 && (all || entries[place].next <= now) {
            due.append(entries[place].incident)
            entries[place].incident.count = 0
            let (next, overflow) = now.addingReportingOverflow(pause)
            entries[place].next = overflow ? .max : next
        }
        // Over for so long that the next of its kind is told at once, as a new one is.
        entries.removeAll { $0.incident.count == 0 && (all || $0.next <= now) }
        return due
    }
}
