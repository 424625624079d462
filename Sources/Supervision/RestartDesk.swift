// SPDX-License-Identifier: Apache-2.0
/// Restarts of services that were asked for, until their workers have answered for each shard.
///
/// Held by the Supervisor; pure: it is shown what the shards say.
/// Invariant: an order is taken out once, when no shard of it owes an answer any more, or when its time is over; a slot
/// that is another's by then owes none.

internal import Control
internal import Ring

struct RestartDesk {
    /// One slot of a service, asked to restart.
    struct Ask: Equatable {
        var service: String
        var slot: Int
        var incarnation: UInt64
        var shards: Int
        /// The number of the request.
        var number: UInt64
    }

    struct Order {
        var ticket: ControlTicket
        var format: ReportFormat
        /// Until when it is waited for, monotonic nanoseconds.
        var deadline: UInt64
        /// In the order of the answer, with what needs no asking.
        var report = ServiceRestart()
        var asks: [Ask] = []
    }

    private var orders: [Order] = []

    var isEmpty: Bool { orders.isEmpty }

    mutating func add(_ order: Order) { orders.append(order) }

    /// Takes out the orders that are done, with what has come of them.
    /// - Parameters: `incarnation`: whose a slot is now; `answer`: what a shard has said last.
    mutating func takeDone(
        incarnation: (Int) -> UInt64?, answer: (_ slot: Int, _ shard: Int) -> ShardRestart
    ) -> [Order] {
        var done: [Order] = []
        orders = orders.filter { order in
            guard let report = Self.report(order, incarnation, answer) else { return true }
            var order = order
            order.report = report
            done.append(order)
            return false
        }
        return done
    }

    /// Takes out those whose time is over.
    mutating func takeOverdue(at now: UInt64) -> [Order] {
        defer { orders.removeAll { $0.deadline <= now } }
        return orders.filter { $0.deadline <= now }
    }

    /// nil as long as a shard owes its answer.
    private static func report(
        _ order: Order, _ incarnation: (Int) -> UInt64?, _ answer: (Int, Int) -> ShardRestart
    ) -> ServiceRestart? {
        var report = order.report
        for ask in order.asks where incarnation(ask.slot) == ask.incarnation {
            guard let place = report.services.firstIndex(where: { $0.name == ask.service }) else { continue }
            for shard in 0..<ask.shards {
                let said = answer(ask.slot, shard)
                guard said.asked >= ask.number else { return nil }
                switch said.outcome {
                case .replaced: report.services[place].replaced += 1
                case .idle, .none: report.services[place].idle += 1
                case .failed: report.services[place].failed += 1
                }
            }
        }
        return report
    }
}
