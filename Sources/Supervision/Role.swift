// SPDX-License-Identifier: Apache-2.0
/// The processes that the supervisor keeps: one acceptor, one committer, and workers by their index.
///
/// Used by everything in this module to say which of them is meant; its words appear in log lines and in errors.
/// Invariant: a worker's index stays the same over its restarts; it is the index of grants, pages and bells.

package enum Role: Hashable, Sendable, CustomStringConvertible {
    case acceptor
    /// The only one that writes segments and checkpoints.
    case committer
    case worker(Int)

    /// Those of which there is one each, in the order of their places; the workers' places come behind them.
    static let single: [Role] = [.acceptor, .committer]

    /// All that there are, by place.
    package static func all(workers: Int) -> [Role] { single + (0..<workers).map(Role.worker) }

    /// What follows the executable's name on the command line.
    package var arguments: [String] {
        switch self {
        case .acceptor: ["acceptor"]
        case .committer: ["committer"]
        case .worker(let index): ["worker", "\(index)"]
        }
    }

    package var description: String { arguments.joined(separator: " ") }

    package var worker: Int? {
        if case .worker(let index) = self { index } else { nil }
    }

    /// Whether it takes messages in or delivers them. The others look after what these leave behind, and end later.
    var serves: Bool { self == .acceptor || worker != nil }

    /// Its place in arrays that hold all roles.
    var place: Int { worker.map { $0 + Self.single.count } ?? Self.single.firstIndex(of: self) ?? 0 }

    init(place: Int) {
        self = place < Self.single.count ? Self.single[place] : .worker(place - Self.single.count)
    }
}
