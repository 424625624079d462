// SPDX-License-Identifier: Apache-2.0
/// The database in the state folder: dead letters, incidents, ledger checkpoints, audit trail.
///
/// Opened by the keeper alone. Letters are in KeeperStore+Letters, replays in KeeperStore+Replay, restarts and updates in
/// KeeperStore+Updates.
/// Invariant: what a verb here has returned from is on the disk (WAL, a sync at each commit); a file that is no database,
/// or a damaged one, is set aside, never overwritten.

package import Control
import Foundation
import GRDB
import LinuxIO
package import Wire

package final class KeeperStore {
    /// What is to be kept, in one transaction with others.
    package enum Record: Equatable, Sendable {
        case letter(KeptMessage, Failings)
        case note(KeptNote)
    }

    /// Rows of each kind of note that are kept: the latest.
    private static let mostIncidents = 10_000
    /// Minutes of a week.
    private static let mostLedgers = 10_080
    private static let mostAudits = 100_000
    /// Of those that were written last, how many may come once more: more do not wait for a keeper.
    private static let mostRepeated = 1_000

    private(set) var queue: DatabaseQueue
    package let path: String
    /// Where a database that could not be read lies now, if there was one.
    package let setAside: String?

    /// - Parameter folder: the state folder, which exists.
    package init(folder: String) throws {
        path = folder + "/store.sqlite"
        do {
            queue = try Self.open(path)
            setAside = nil
        } catch let error where Self.isDamage(error) {
            setAside = try Self.putAside(path)
            queue = try Self.open(path)
        }
    }

    // MARK: damage

    /// Whether the file is no database, or damaged: it won't come right by itself.
    package static func isDamage(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        return [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
    }

    /// Closes it and sets the file aside; another store begins a new one.
    /// - Returns: where it lies now.
    package func putAside() throws -> String {
        // Before it is renamed: at its end SQLite removes the files beside it by their old names.
        try? queue.close()
        return try Self.putAside(path)
    }

    private static func putAside(_ path: String) throws -> String {
        let aside = "\(path).corrupt-\(Clock.realtime())"
        for suffix in ["", "-wal", "-shm"] where File.exists(path + suffix) {
            try File.rename(path + suffix, to: aside + suffix)
        }
        return aside
    }

    // MARK: writing

    /// One transaction. A file that could not be written when it was opened stays so for that connection, though its rights
    /// are mended meanwhile: it is opened anew.
    func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do {
            return try queue.write(body)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_READONLY {
            let other = try Self.open(path)
            try? queue.close()
            queue = other
            return try queue.write(body)
        }
    }

    // MARK: opening

    private static func open(_ path: String) throws -> DatabaseQueue {
        if !File.exists(path) {
            // Before the database is made: the files beside it take their mode from it.
            let made = FileManager.default.createFile(
                atPath: path, contents: nil, attributes: [.posixPermissions: NSNumber(value: 0o600)])
            guard made else { throw DatabaseError(resultCode: .SQLITE_CANTOPEN, message: "\(path) can't be made") }
        }
        var configuration = Configuration()
        configuration.journalMode = .wal
        // Somebody may look into it with the sqlite3 shell.
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { $0.add(function: Self.fits) }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        // GRDB's usual mode for WAL could lose the last commits with the power.
        try queue.inDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try Self.migrator.migrate(queue)
        // Opening reads little more than the first page.
        try queue.read { database in
            for statement in looks { _ = try Row.fetchOne(database, sql: statement) }
        }
        return queue
    }

    /// What the keeper's start, and the next row of each table, will need.
    private static let looks =
        ["SELECT * FROM letter ORDER BY last DESC LIMIT 1", "SELECT * FROM sender", lastReplay]
        + ["letter", "incident", "ledger", "audit", "attempt"].map { "SELECT * FROM \($0) ORDER BY rowid DESC LIMIT 1" }

    /// `topic_fits(pattern, topic)`.
    private static let fits = DatabaseFunction("topic_fits", argumentCount: 2, pure: true) { values in
        guard let pattern = String.fromDatabaseValue(values[0]), let topic = Data.fromDatabaseValue(values[1]),
            let parsed = try? TopicPattern(pattern)
        else { return false }
        let router = Router([Router.Entry(slot: 0, patterns: [parsed])])
        return router.route(Array(topic).span) != 0
    }

    private static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            for statement in schema { try database.execute(sql: statement) }
        }
        migrator.registerMigration("2") { try $0.execute(sql: updateSchema) }
        return migrator
    }()

    /// Times are nanoseconds since 1970. `replay`: the number under which a letter goes to the acceptor, while it does.
    private static let schema = [
        """
        CREATE TABLE letter (
            id INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL, message TEXT NOT NULL, topic BLOB NOT NULL,
            source BLOB NOT NULL, protocol INTEGER NOT NULL, received INTEGER NOT NULL, attempts INTEGER NOT NULL,
            first INTEGER NOT NULL, last INTEGER NOT NULL, reason TEXT NOT NULL, kind INTEGER NOT NULL,
            decoded BLOB NOT NULL, body BLOB NOT NULL, replay INTEGER, UNIQUE (service, message))
        """,
        "CREATE INDEX letter_last ON letter (last)",
        "CREATE UNIQUE INDEX letter_replay ON letter (replay) WHERE replay IS NOT NULL",
        """
        CREATE TABLE incident (
            id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT NULL, process TEXT NOT NULL,
            detail TEXT NOT NULL, count INTEGER NOT NULL)
        """,
        "CREATE TABLE ledger (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, report TEXT NOT NULL)",
        "CREATE TABLE audit (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL)",
        "CREATE TABLE sender (high INTEGER NOT NULL, low INTEGER NOT NULL, next INTEGER NOT NULL)",
    ]

    // MARK: keeping

    /// All of them, or none.
    package func keep(_ records: [Record]) throws {
        try write { database in
            for record in records {
                switch record {
                case .letter(let message, let failings): try Self.insert(message, failings, into: database)
                case .note(let note): try Self.insert(note, into: database)
                }
            }
        }
    }

    static func insert(_ note: KeptNote, into database: Database) throws {
        let time = Int64(bitPattern: note.time)
        switch note.kind {
        case .incident:
            try insertOnce(
                into: "incident", ["time", "kind", "process", "detail", "count"],
                [time, note.code, note.subject, note.detail, Int64(bitPattern: note.count)], atMost: mostIncidents,
                in: database)
        case .ledger:
            try database.cachedStatement(sql: "INSERT INTO ledger (time, report) VALUES (?, ?)")
                .execute(arguments: [time, note.detail])
            try trim("ledger", to: mostLedgers, in: database)
        case .audit:
            try insertOnce(
                into: "audit", ["time", "who", "what"], [time, note.subject, note.detail], atMost: mostAudits,
                in: database)
        case .update: try insert(update: note, into: database)
        }
    }

    /// When another belfryd takes over, what the former keeper was just keeping is sent to the next one again.
    private static func insertOnce(
        into table: String, _ columns: [String], _ values: StatementArguments, atMost count: Int, in database: Database
    ) throws {
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        let same = columns.map { "\($0) = ?" }.joined(separator: " AND ")
        try database.cachedStatement(
            sql: """
                INSERT INTO \(table) (\(columns.joined(separator: ", "))) SELECT \(marks) WHERE NOT EXISTS (
                    SELECT 1 FROM \(table) WHERE id > (SELECT max(id) FROM \(table)) - \(mostRepeated) AND \(same))
                """
        ).execute(arguments: values + values)
        if database.changesCount > 0 { try trim(table, to: count, in: database) }
    }

    private static func trim(_ table: String, to count: Int, in database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM \(table) WHERE id <= ?")
            .execute(arguments: [database.lastInsertedRowID - Int64(count)])
    }

    /// The latest first.
    package func incidents(_ filter: KeeperFilter) throws -> IncidentsReport {
        var condition = Condition()
        if let kind = filter.kind { condition.add("kind = ?", kind.rawValue) }
        // A role's name on a line of the control protocol has dashes for its blanks.
        if let process = filter.process { condition.add("replace(process, ' ', '-') = ?", process) }
        condition.add("time", filter)
        return try queue.read { [condition] database in
            var report = IncidentsReport()
            report.total =
                try UInt64.fetchOne(
                    database, sql: "SELECT count(*) FROM incident" + condition.sql, arguments: condition.arguments) ?? 0
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT time, kind, process, detail, count FROM incident" + condition.sql
                    + " ORDER BY id DESC LIMIT \(filter.limit ?? KeeperFilter.usualRows)",
                arguments: condition.arguments)
            while let row = try rows.next() {
                guard let kind = Incident.Kind(rawValue: row[1]) else { continue }
                report.incidents.append(Incident(time: row[0], kind, row[2], row[3], count: row[4]))
            }
            return report
        }
    }
}

/// The part of a statement behind WHERE, and what stands for its question marks.
struct Condition {
    private var parts: [String] = []
    private(set) var arguments = StatementArguments()

    var sql: String { parts.isEmpty ? "" : " WHERE " + parts.joined(separator: " AND ") }

    mutating func add(_ part: String, _ values: (any DatabaseValueConvertible)...) { add(list: part, values) }

    mutating func add(list part: String, _ values: [any DatabaseValueConvertible]) {
        parts.append(part)
        arguments += StatementArguments(values)
    }

    /// By the time in a column.
    mutating func add(_ column: String, _ filter: KeeperFilter) {
        if let since = filter.since { add("\(column) >= ?", Int64(clamping: since)) }
        if let until = filter.until { add("\(column) < ?", Int64(clamping: until)) }
    }
}
