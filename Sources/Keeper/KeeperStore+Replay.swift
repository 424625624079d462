// SPDX-License-Identifier: Apache-2.0
/// Letters on their way to be delivered again: numbered as a native sender numbers its messages, so that what is sent
/// twice is taken once.
///
/// Part of KeeperStore; used by the keeper's ReplayDesk.
/// Invariant: a letter leaves the store only when the acceptor has said that it is published under its number; numbers
/// only grow, over every restart.

package import Control
import Foundation
import GRDB
package import Wire

extension KeeperStore {
    /// The name under which the keeper sends: made once, and kept.
    package func sender() throws -> SenderID {
        try write { database in
            if let row = try Row.fetchOne(database, sql: "SELECT high, low FROM sender") {
                return SenderID(high: UInt64(bitPattern: row[0]), low: UInt64(bitPattern: row[1]))
            }
            let new = SenderID(high: .random(in: 1 ... .max), low: .random(in: 1 ... .max))
            try database.execute(
                sql: "INSERT INTO sender (high, low, next) VALUES (?, ?, 1)",
                arguments: [Int64(bitPattern: new.high), Int64(bitPattern: new.low)])
            return new
        }
    }

    /// Gives numbers to letters that have none.
    /// - Parameter audit: who does it, kept along with it.
    /// - Returns: those numbers; nil if there is no such letter.
    package func beginReplay(_ filter: KeeperFilter, _ audit: KeptNote) throws -> ClosedRange<UInt64>? {
        _ = try sender()
        let condition = try Self.condition(filter, idleOnly: true)
        return try write { database in
            let first = try UInt64.fetchOne(database, sql: "SELECT next FROM sender") ?? 1
            let ids = try Int64.fetchAll(
                database, sql: "SELECT id FROM letter" + condition.sql + " ORDER BY id", arguments: condition.arguments)
            guard !ids.isEmpty else { return nil }
            try Self.insert(audit, into: database)
            let update = try database.makeStatement(sql: "UPDATE letter SET replay = ? WHERE id = ?")
            for (offset, id) in ids.enumerated() {
                try update.execute(arguments: [Int64(first) + Int64(offset), id])
            }
            let next = first + UInt64(ids.count)
            try database.execute(sql: "UPDATE sender SET next = ?", arguments: [Int64(next)])
            return first...next - 1
        }
    }

    /// With the condition of the index, or all letters would be read.
    static let lastReplay = "SELECT max(replay) FROM letter WHERE replay IS NOT NULL"

    /// The greatest number that a letter has; 0 if none has one.
    package func lastReplay() throws -> UInt64 {
        try queue.read { try UInt64.fetchOne($0, sql: Self.lastReplay) ?? 0 }
    }

    /// The letters to be sent behind a number, a few at a time.
    package func replays(behind number: UInt64, most: Int) throws -> [(number: UInt64, message: KeptMessage)] {
        try queue.read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT replay, service, message, received, protocol, kind, topic, source, decoded, body "
                    + "FROM letter WHERE replay > ? ORDER BY replay LIMIT ?",
                arguments: [Int64(clamping: number), most])
            var found: [(UInt64, KeptMessage)] = []
            while let row = try rows.next() {
                guard let id = MessageID(Array((row[2] as String).utf8).span) else { continue }
                let message = KeptMessage(
                    service: row[1], id: id, time: row[3], wireProtocol: row[4], decodedKind: row[5],
                    topic: Array(row[6] as Data), source: Array(row[7] as Data), decoded: Array(row[8] as Data),
                    body: Array(row[9] as Data))
                found.append((row[0], message))
            }
            return found
        }
    }

    /// They are in the ring: no dead letters any more.
    package func endReplays(upTo number: UInt64) throws {
        try write { database in
            try database.execute(
                sql: "DELETE FROM letter WHERE replay <= ?", arguments: [Int64(clamping: number)])
            // The acceptor may know of more than we do, if the store came back from a copy.
            try database.execute(
                sql: "UPDATE sender SET next = max(next, ?)", arguments: [Int64(clamping: number) + 1])
        }
    }

    /// It can't be delivered again, and stays what it was.
    package func refuseReplay(_ number: UInt64) throws {
        try write { database in
            try database.execute(
                sql: "UPDATE letter SET replay = NULL WHERE replay = ?", arguments: [Int64(clamping: number)])
        }
    }
}
