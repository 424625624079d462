// SPDX-License-Identifier: Apache-2.0
/// What the disk refuses, in the operator's words, told once when it begins and once when it is over.
///
/// Used by Committer; the messages go to the supervisor, which shows them in `status` and has incidents kept.
/// Invariant: a trouble that lasts is one line in the log, and the supervisor knows of a trouble exactly while there is one.

import Control
import Logging

struct DiskTroubles {
    enum Place: Int, CaseIterable {
        case log
        case parked
        case checkpoint

        /// What it means while it lasts.
        var meaning: String {
            switch self {
            case .log: "nothing is accepted until it can be written; it is tried each second"
            case .parked:
                "what is undelivered stays in memory, and once the ring is full nothing is accepted; it is tried each second"
            case .checkpoint: "after a crash more would be delivered again; it is tried each second"
            }
        }

        var over: String {
            switch self {
            case .log: "the log can be written again"
            case .parked: "undelivered messages can be moved to the disk again"
            case .checkpoint: "checkpoints can be written again"
            }
        }
    }

    private let logger: Logger
    private var words = [String?](repeating: nil, count: Place.allCases.count)
    private var messages: [RoleMessage] = []

    init(_ logger: Logger) { self.logger = logger }

    mutating func begins(_ place: Place, _ fault: some Error) {
        let new = "\(fault): \(place.meaning)"
        guard words[place.rawValue] != new else { return }
        words[place.rawValue] = new
        logger.error("\(new)")
        messages.append(.incident(Incident(.disk, "committer", new)))
        messages.append(.trouble(all))
    }

    mutating func ends(_ place: Place) { end(place, place.over) }

    /// Nothing has to be moved to the disk any more, so that nobody knows whether it would take it.
    mutating func lapse(_ place: Place) { end(place, "the ring has room again") }

    private mutating func end(_ place: Place, _ news: String) {
        guard words[place.rawValue] != nil else { return }
        words[place.rawValue] = nil
        logger.notice("\(news)")
        messages.append(.trouble(all))
    }

    /// For the supervisor, in their order.
    mutating func nextMessage() -> RoleMessage? { messages.isEmpty ? nil : messages.removeFirst() }

    private var all: String { words.compactMap { $0 }.joined(separator: "; ") }
}
