// SPDX-License-Identifier: Apache-2.0
/// Restarts and updates in the store: one row each, the latest first, over the end of the keeper.

import Control
import Foundation
import Keeper
import Testing
import Wire

@Suite("Updates in the keeper's store")
struct KeeperUpdatesTests {
    private func withStore(_ body: (() throws -> KeeperStore) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "/belfry-updates-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body { try KeeperStore(folder: path) }
    }

    private func note(_ began: UInt64, _ verdict: UpdateVerdict.Word?) -> KeeperStore.Record {
        var record = UpdateRecord(.update, began: began, by: "pid 1, user 0")
        record.verdict = verdict
        var json = JSONWriter()
        record.write(into: &json)
        return .note(
            KeptNote(.update, time: began, subject: record.by, detail: String(decoding: json.bytes, as: UTF8.self)))
    }

    @Test("are one each, however often they are written down, and the last word counts")
    func once() throws {
        try withStore { open in
            try open().keep([note(1, nil)])
            #expect(try open().updates(KeeperFilter()).updates.map(\.verdict) == [nil])
            try open().keep([note(2, nil), note(1, .failed), note(2, .committed)])
            let history = try open().updates(KeeperFilter())
            #expect(history.total == 2)
            #expect(history.updates.map(\.began) == [2, 1])
            #expect(history.updates.map(\.verdict) == [.committed, .failed])
        }
    }

    @Test("are listed by time and number")
    func filters() throws {
        try withStore { open in
            let store = try open()
            try store.keep((1...5).map { note($0, .committed) })
            var filter = KeeperFilter()
            filter.limit = 2
            #expect(try store.updates(filter).updates.map(\.began) == [5, 4])
            #expect(try store.updates(filter).total == 5)
            filter.since = 2
            filter.until = 4
            #expect(try store.updates(filter).updates.map(\.began) == [3, 2])
        }
    }
}
