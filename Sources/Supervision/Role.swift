// SPDX-License-Identifier: Apache-2.0
/// The processes that the supervisor keeps alive: one acceptor, and workers by their index.
///
/// Used by everything in this module to say which of them is meant; its words appear in log lines and in errors.
/// Invariant: a worker's index stays the same over its restarts; it is the index of grants, pages and bells.

package enum Role: Hashable, Sendable, CustomStringConvertible {
    case acceptor
    case worker(Int)

    /// What follows the executable's name on the command line.
    package var arguments: [String] {
        switch self {
        case .acceptor: ["acceptor"]
        case .worker(let index): ["worker", "\(index)"]
        }
    }

    package var description: String { arguments.joined(separator: " ") }

    package var worker: Int? {
        if case .worker(let index) = self { index } else { nil }
    }

    /// Its place in arrays that hold the acceptor first.
    var place: Int { worker.map { $0 + 1 } ?? 0 }

    init(place: Int) { self = place == 0 ? .acceptor : .worker(place - 1) }
}
