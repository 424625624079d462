// SPDX-License-Identifier: Apache-2.0
/// Restarts and updates in the store: one row each, written when it begins and again when it has ended.
///
/// Part of KeeperStore; the supervisor's notes of that kind end up here.
/// Invariant: the time at which an attempt began tells it from all others, so that writing it again replaces it.

package import Control
import Foundation
import GRDB
import Wire

extension KeeperStore {
    private static let mostUpdates = 10_000

    static let updateSchema =
        "CREATE TABLE attempt (began INTEGER PRIMARY KEY, who TEXT NOT NULL, report TEXT NOT NULL)"

    static func insert(update note: KeptNote, into database: Database) throws {
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO attempt (began, who, report) VALUES (?, ?, ?)")
            .execute(arguments: [Int64(bitPattern: note.time), note.subject, note.detail])
        try database.cachedStatement(
            sql: "DELETE FROM attempt WHERE began < (SELECT began FROM attempt ORDER BY began DESC LIMIT 1 OFFSET ?)"
        ).execute(arguments: [mostUpdates - 1])
    }

    /// The latest first.
    package func updates(_ filter: KeeperFilter) throws -> UpdateHistory {
        var condition = Condition()
        condition.add("began", filter)
        return try queue.read { [condition] database in
            var history = UpdateHistory()
            history.total =
                try UInt64.fetchOne(
                    database, sql: "SELECT count(*) FROM attempt" + condition.sql, arguments: condition.arguments) ?? 0
            let reports = try String.fetchCursor(
                database,
                sql: "SELECT report FROM attempt" + condition.sql
                    + " ORDER BY began DESC LIMIT \(filter.limit ?? KeeperFilter.usualRows)",
                arguments: condition.arguments)
            while let report = try reports.next() {
                guard let json = JSONValue(document: Array(report.utf8)), let update = UpdateRecord(json) else {
                    continue
                }
                history.updates.append(update)
            }
            return history
        }
    }
}
