// SPDX-License-Identifier: Apache-2.0
/// The dead letters of the store: kept, listed, shown, dropped.
///
/// Part of KeeperStore.
/// Invariant: a message is one letter for each service, however often it fails; one that fails again while it is being
/// delivered again is a dead letter as before.

package import Control
import Foundation
import GRDB
package import Wire

extension KeeperStore {
    static func insert(_ message: KeptMessage, _ failings: Failings, into database: Database) throws {
        // A worker that did not hear of a commit sends the letter again, which may be on its way to be delivered again by
        // now: that goes on, unless it is another failure.
        try database.cachedStatement(
            sql: """
                INSERT INTO letter (service, message, topic, source, protocol, received, attempts, first, last, reason,
                    kind, decoded, body)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (service, message) DO UPDATE SET attempts = excluded.attempts, last = excluded.last,
                    reason = excluded.reason, replay = CASE WHEN excluded.last = last THEN replay END
                """
        ).execute(arguments: [
            message.service, "\(message.id)", Data(message.topic), Data(message.source), message.wireProtocol,
            Int64(bitPattern: message.time), failings.attempts, Int64(bitPattern: failings.first),
            Int64(bitPattern: failings.last), failings.reason, message.decodedKind, Data(message.decoded),
            Data(message.body),
        ])
    }

    /// The latest failures first.
    /// - Parameter withContent: for who may read notifications.
    package func letters(_ filter: KeeperFilter, withContent: Bool) throws -> DeadReport {
        let condition = try Self.condition(filter)
        let body = withContent ? ", decoded, substr(body, 1, \(DeadReport.bodyLimit)) AS content" : ""
        return try queue.read { database in
            var report = DeadReport()
            report.total =
                try UInt64.fetchOne(
                    database, sql: "SELECT count(*) FROM letter" + condition.sql, arguments: condition.arguments) ?? 0
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT id, service, message, topic, source, protocol, received, attempts, first, last, reason, "
                    + "kind, length(body) AS size, replay\(body) FROM letter" + condition.sql
                    + " ORDER BY last DESC, id DESC LIMIT \(filter.limit ?? KeeperFilter.usualRows)",
                arguments: condition.arguments)
            while let row = try rows.next() { report.letters.append(Self.letter(row, withContent)) }
            return report
        }
    }

    /// - Parameter audit: who does it, kept along with it.
    /// - Returns: how many there were; what is on its way to be delivered again stays.
    package func drop(_ filter: KeeperFilter, _ audit: KeptNote) throws -> UInt64 {
        let condition = try Self.condition(filter, idleOnly: true)
        return try write { database in
            try database.execute(sql: "DELETE FROM letter" + condition.sql, arguments: condition.arguments)
            let count = UInt64(database.changesCount)
            try Self.insert(audit, into: database)
            return count
        }
    }

    /// The first of the ids that no letter has.
    package func missing(_ ids: [String]) throws -> String? {
        try queue.read { database in
            try ids.first { id in
                try Int.fetchOne(database, sql: "SELECT 1 FROM letter WHERE id = ?1 OR message = ?1", arguments: [id])
                    == nil
            }
        }
    }

    static func condition(_ filter: KeeperFilter, idleOnly: Bool = false) throws -> Condition {
        var condition = Condition()
        if !filter.ids.isEmpty {
            let marks = Array(repeating: "?", count: filter.ids.count).joined(separator: ", ")
            // The column's affinity makes numbers of those that are.
            let values: [any DatabaseValueConvertible] = filter.ids + filter.ids
            condition.add(list: "(id IN (\(marks)) OR message IN (\(marks)))", values)
        }
        if let service = filter.service { condition.add("service = ?", service) }
        if let topic = filter.topic { condition.add("topic_fits(?, topic)", topic) }
        condition.add("last", filter)
        if idleOnly { condition.add("replay IS NULL") }
        return condition
    }

    private static func letter(_ row: Row, _ withContent: Bool) -> DeadReport.Letter {
        var letter = DeadReport.Letter()
        letter.id = row["id"]
        letter.service = row["service"]
        letter.message = row["message"]
        letter.topic = text(row["topic"])
        letter.source = text(row["source"])
        letter.wireProtocol = WireProtocol(rawValue: row["protocol"])?.name ?? "unknown"
        letter.received = row["received"]
        letter.attempts = row["attempts"]
        letter.firstFailure = row["first"]
        letter.lastFailure = row["last"]
        letter.reason = row["reason"]
        letter.size = row["size"]
        letter.isReplaying = row["replay"] as Int64? != nil
        if withContent {
            let kind = DecodedMessage.Kind(rawValue: row["kind"]) ?? .none
            let decoded = text(row["decoded"])
            letter.content = DeadReport.Content(
                body: Array(row["content"] as Data), decoded: kind.memberName.map { ($0, decoded) })
        }
        return letter
    }

    private static func text(_ bytes: Data) -> String { String(decoding: bytes, as: UTF8.self) }
}
