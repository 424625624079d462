// SPDX-License-Identifier: Apache-2.0
/// The store: what was kept is there after it is opened anew, letters are found, dropped and replayed, and a file that is
/// no database costs nothing but itself.

import Control
import Foundation
import GRDB
import LinuxIO
import Testing
import Wire

@testable import Keeper

@Suite("The keeper's store")
struct KeeperStoreTests {
    private final class Scratch {
        let path = NSTemporaryDirectory() + "/belfry-keeper-\(UUID().uuidString)"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        func open() throws -> KeeperStore { try KeeperStore(folder: path) }
    }

    private static func message(_ number: UInt64, _ service: String = "on-call", topic: String = "a.b") -> KeptMessage {
        KeptMessage(
            service: service, id: MessageID(log: 7, epoch: 1, sequence: number), time: 100 + number, wireProtocol: 4,
            decodedKind: 1, topic: Array(topic.utf8), source: Array("127.0.0.1:9".utf8),
            decoded: Array("{\"a\":1}".utf8), body: [0, 255, UInt8(number)])
    }

    private static func letter(
        _ number: UInt64, _ service: String = "on-call", topic: String = "a.b", last: UInt64? = nil
    ) -> KeeperStore.Record {
        .letter(
            message(number, service, topic: topic),
            Failings(attempts: 5, first: 200, last: last ?? 300 + number, reason: "ended with exit \(number)"))
    }

    private static let audit = KeptNote(.audit, time: 1, subject: "pid 1, user 0", detail: "dead drop 2")

    private static func filter(_ change: (inout KeeperFilter) -> Void) -> KeeperFilter {
        var filter = KeeperFilter()
        change(&filter)
        return filter
    }

    @Test("keeps letters over its end, the latest failure first, with what they say for who may read it")
    func keeps() throws {
        let scratch = try Scratch()
        try scratch.open().keep([Self.letter(1), Self.letter(2)])
        let report = try scratch.open().letters(KeeperFilter(), withContent: true)
        #expect(report.total == 2 && report.letters.map(\.id) == [2, 1])
        let letter = report.letters[0]
        #expect(letter.message == "0000000000000007-1-2" && letter.reason == "ended with exit 2")
        #expect(letter.attempts == 5 && letter.firstFailure == 200 && letter.lastFailure == 302)
        #expect(letter.received == 102)
        #expect(letter.wireProtocol == "syslog" && letter.size == 3)
        #expect(letter.content == .init(body: [0, 255, 2], decoded: ("syslog", "{\"a\":1}")))
        #expect(try scratch.open().letters(KeeperFilter(), withContent: false).letters[0].content == nil)
    }

    @Test("that could only be read when it was opened is written as soon as that may be")
    func readOnly() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        // What a connection is that was opened without the right to write.
        try store.queue.inDatabase { try $0.execute(sql: "PRAGMA query_only = 1") }
        try store.keep([Self.letter(1)])
        #expect(try store.letters(KeeperFilter(), withContent: false).total == 1)
    }

    @Test("tells of an error without the statement, and what would help")
    func words() throws {
        let error = DatabaseError(resultCode: .SQLITE_READONLY, message: "no way", sql: "INSERT secret")
        #expect(
            "\(StoreFault("/s/store.sqlite", error))"
                == "/s/store.sqlite: SQLite error 8: no way; it must be a file that user \(CurrentProcess.user) may write to, "
                + "as its folder")
    }

    @Test("takes a letter that is sent again for the same one, with its new reason")
    func twice() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        try store.keep([Self.letter(1), Self.letter(1, "archive"), Self.letter(1, last: 999)])
        let report = try store.letters(KeeperFilter(), withContent: false)
        #expect(report.letters.map(\.service) == ["on-call", "archive"] && report.letters[0].lastFailure == 999)
    }

    @Test("finds by number, by id, service, topic and time, and as many as asked for")
    func filters() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        try store.keep([Self.letter(1), Self.letter(2, "archive", topic: "x.y"), Self.letter(3, topic: "a.c")])
        func found(_ change: (inout KeeperFilter) -> Void) throws -> [UInt64] {
            try store.letters(Self.filter(change), withContent: false).letters.map(\.id)
        }
        #expect(try found { $0.ids = ["1", "3"] } == [3, 1])
        #expect(try found { $0.ids = ["0000000000000007-1-2"] } == [2])
        #expect(try found { $0.service = "on-call" } == [3, 1])
        #expect(try found { $0.topic = "a.>" } == [3, 1] && found { $0.topic = "*.y" } == [2])
        #expect(try found { ($0.since, $0.until) = (302, 303) } == [2])
        #expect(try found { $0.limit = 1 } == [3])
        #expect(try store.letters(Self.filter { $0.limit = 1 }, withContent: false).total == 3)
        #expect(try store.missing(["1", "0000000000000007-1-2", "9"]) == "9" && store.missing(["3"]) == nil)
    }

    @Test("drops what it is told, and never gives a number twice")
    func drops() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        try store.keep([Self.letter(1), Self.letter(2)])
        #expect(try store.drop(Self.filter { $0.ids = ["2"] }, Self.audit) == 1)
        #expect(try store.drop(Self.filter { $0.ids = ["2"] }, Self.audit) == 0)
        try store.keep([Self.letter(3)])
        #expect(try store.letters(KeeperFilter(), withContent: false).letters.map(\.id) == [3, 1])
    }

    @Test("numbers replays, gives them again until they are published, and takes back those that are refused")
    func replays() throws {
        let scratch = try Scratch()
        var store = try scratch.open()
        try store.keep((1...4).map { Self.letter($0) })
        #expect(try store.beginReplay(Self.filter { $0.ids = ["2", "3"] }, Self.audit) == 1...2)
        // Those are on their way already.
        #expect(try store.beginReplay(Self.filter { $0.ids = ["2"] }, Self.audit) == nil)
        #expect(try store.drop(Self.filter { $0.ids = ["2"] }, Self.audit) == 0)
        let sender = try store.sender()
        store = try scratch.open()
        #expect(try store.sender() == sender)
        #expect(try store.replays(behind: 0, most: 9).map(\.message) == [Self.message(2), Self.message(3)])
        #expect(try store.replays(behind: 1, most: 9).map(\.number) == [2])
        try store.endReplays(upTo: 1)
        try store.refuseReplay(2)
        let left = try store.letters(KeeperFilter(), withContent: false).letters
        #expect(left.map(\.id) == [4, 3, 1] && left.allSatisfy { !$0.isReplaying })
        #expect(try store.beginReplay(Self.filter { $0.service = "on-call" }, Self.audit) == 3...5)
    }

    @Test("makes a dead letter again of a replay that fails before its end is known")
    func failsAgain() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        try store.keep([Self.letter(1)])
        _ = try store.beginReplay(Self.filter { $0.isEverything = true }, Self.audit)
        try store.keep([Self.letter(1, last: 999)])
        try store.endReplays(upTo: 1)
        let letters = try store.letters(KeeperFilter(), withContent: false).letters
        #expect(letters.map(\.lastFailure) == [999] && !letters[0].isReplaying)
    }

    @Test("goes on with a replay whose letter is sent again as it was")
    func sentAgain() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        try store.keep([Self.letter(1)])
        _ = try store.beginReplay(Self.filter { $0.isEverything = true }, Self.audit)
        try store.keep([Self.letter(1)])
        #expect(try store.replays(behind: 0, most: 9).map(\.number) == [1])
        try store.endReplays(upTo: 1)
        #expect(try store.letters(KeeperFilter(), withContent: false).letters.isEmpty)
    }

    @Test("keeps incidents, and finds them by kind, process and time")
    func incidents() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        for (time, process) in [(1, "worker 1"), (2, "acceptor"), (3, "on-call")] as [(UInt64, String)] {
            let kind: Incident.Kind = time == 3 ? .serviceExit : .roleKilled
            try store.keep([
                .note(KeptNote(.incident, code: kind.rawValue, time: time, count: 2, subject: process, detail: "why"))
            ])
        }
        let all = try store.incidents(KeeperFilter())
        #expect(all.total == 3 && all.incidents.map(\.process) == ["on-call", "acceptor", "worker 1"])
        #expect(all.incidents[0] == Incident(time: 3, .serviceExit, "on-call", "why", count: 2))
        #expect(try store.incidents(Self.filter { $0.kind = .roleKilled }).incidents.map(\.time) == [2, 1])
        #expect(try store.incidents(Self.filter { $0.process = "worker-1" }).incidents.map(\.time) == [1])
        #expect(try store.incidents(Self.filter { $0.since = 2 }).total == 2)
    }

    @Test("keeps once what a former belfryd has sent, and the next one sends again")
    func repeated() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let incident = KeptNote(.incident, code: 1, time: 1, count: 2, subject: "acceptor", detail: "why")
        var later = incident
        later.time = 2
        for notes in [[incident], [incident, later]] { try store.keep(notes.map { .note($0) }) }
        #expect(try store.incidents(KeeperFilter()).incidents.map(\.time) == [2, 1])
    }

    @Test("sets a file aside that is no database, and begins anew")
    func corrupt() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/store.sqlite"
        let rubbish = Data(repeating: 65, count: 8192)
        try rubbish.write(to: URL(fileURLWithPath: path))
        let store = try scratch.open()
        let aside = try #require(store.setAside)
        #expect(FileManager.default.contents(atPath: aside) == rubbish)
        try store.keep([Self.letter(1)])
        #expect(try store.letters(KeeperFilter(), withContent: false).total == 1)
    }

    @Test("sets a file aside that is damaged behind its first page, and begins anew")
    func damaged() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/store.sqlite"
        try scratch.open().keep((1...100).map { Self.letter($0) })
        var bytes = try #require(FileManager.default.contents(atPath: path))
        bytes.replaceSubrange(4_096..., with: Data(repeating: 0xFF, count: bytes.count - 4_096))
        try bytes.write(to: URL(fileURLWithPath: path))
        let store = try scratch.open()
        let aside = try #require(store.setAside)
        #expect(aside.hasPrefix("\(path).corrupt-") && FileManager.default.fileExists(atPath: aside))
        try store.keep([Self.letter(1)])
        #expect(try store.letters(KeeperFilter(), withContent: false).total == 1)
    }

    @Test("is for nobody else to read")
    func mode() throws {
        let scratch = try Scratch()
        try scratch.open().keep([Self.letter(1)])
        let modes = try FileManager.default.contentsOfDirectory(atPath: scratch.path).map {
            try FileManager.default.attributesOfItem(atPath: scratch.path + "/" + $0)[.posixPermissions] as? Int
        }
        #expect(!modes.isEmpty && modes.allSatisfy { $0 == 0o600 })
    }
}
