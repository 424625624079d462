// SPDX-License-Identifier: Apache-2.0
/// The processes that the supervisor keeps: one acceptor, one committer, and workers by their index.
///
/// Used by everything in this module to say which of them is meant; its words appear in log lines and in errors.
/// Invariant: a worker's index stays the same over its restarts; it is the index of grants, pages and bells. The workers of
/// one generation of belfryd have indices from 0 or from `half` on, those of the next from the other one on.

internal import Ring

package enum Role: Hashable, Sendable, CustomStringConvertible {
    case acceptor
    /// The only one that writes segments and checkpoints.
    case committer
    case worker(Int)

    /// Those of which there is one each, in the order of their places; the workers' places come behind them.
    static let single: [Role] = [.acceptor, .committer]

    /// Workers that a generation may have.
    package static let half = RingGeometry.workers / 2

    /// All that there are of a generation, by place.
    /// - Parameter base: the index of its first worker.
    package static func all(workers: Int, base: Int = 0) -> [Role] {
        single + (base..<base + workers).map(Role.worker)
    }

    /// What follows the executable's name on the command line.
    package var arguments: [String] {
        switch self {
        case .acceptor: ["acceptor"]
        case .committer: ["committer"]
        case .worker(let index): ["worker", "\(index)"]
        }
    }

    /// For people a worker has the number of its place, whatever generation it is of.
    package var description: String { worker.map { "worker \($0 % Self.half)" } ?? arguments.joined(separator: " ") }

    package var worker: Int? {
        if case .worker(let index) = self { index } else { nil }
    }

    /// Whether it takes messages in or delivers them. The others look after what these leave behind, and end later.
    var serves: Bool { self == .acceptor || worker != nil }

    /// Its place in arrays that hold all roles of its generation.
    var place: Int { worker.map { $0 % Self.half + Self.single.count } ?? Self.single.firstIndex(of: self) ?? 0 }

    init(place: Int, base: Int) {
        self = place < Self.single.count ? Self.single[place] : .worker(base + place - Self.single.count)
    }
}
