// SPDX-License-Identifier: Apache-2.0
/// Which notifications a tail shows, where it begins, and what it says of those that it can't show.

import Testing

@testable import Commands

@Suite("A tail")
struct TailTests {
    @Test(
        "shows what matches one of its patterns, or everything",
        arguments: [
            ([], "raw", true), ([], "syslog.daemon.crit", true), (["alerts.>"], "alerts.disk", true),
            (["alerts.>"], "alerts", false), (["a.*", "b"], "b", true), (["a.*", "b"], "a.c", true),
            (["a.*", "b"], "a", false), ([], "belfry.incident", false), ([">"], "belfry", false),
            (["*.incident"], "belfry.incident", false), ([], "", false), ([], "a..b", false), ([], "a b", false),
        ] as [([String], String, Bool)])
    func patterns(patterns: [String], topic: String, expected: Bool) throws {
        let filter = try TailFilter(patterns: patterns, sources: [])
        #expect(Self.wants(filter, topic, "") == expected)
    }

    private static func wants(_ filter: TailFilter, _ topic: String, _ source: String) -> Bool {
        let (topic, source) = (Array(topic.utf8), Array(source.utf8))
        return filter.wants(topic: topic.span, source: source.span)
    }

    @Test(
        "shows what comes from one of its sources",
        arguments: [
            (["127.0.0.1"], "127.0.0.1:7", true), (["127.0.0.1"], "127.0.0.12:7", false),
            (["127.0.0.1:7"], "127.0.0.1:7", true), (["127.0.0.1:7"], "127.0.0.1:70", false),
            (["127.0.0.1:70"], "127.0.0.1:7", false), (["::1"], "[::1]:7", true), (["[::1]"], "[::1]:7", true),
            (["[0:0::1]:7"], "[::1]:7", true), (["::1"], "[::12]:7", false),
            (["10.0.0.1", "10.0.0.2"], "10.0.0.2:7", true),
            (["127.0.0.1"], "", false), (["::ffff:127.0.0.1"], "127.0.0.1:7", true),
        ] as [([String], String, Bool)])
    func sources(sources: [String], source: String, expected: Bool) throws {
        let filter = try TailFilter(patterns: [], sources: sources)
        #expect(Self.wants(filter, "raw", source) == expected)
    }

    @Test(
        "is wrong usage with what can match nothing",
        arguments: [
            ["a..b"], ["belfry.>"], ["a.>.b"], ["--source", "localhost"], ["--source", "1.2.3.4:0"], ["--count", "0"],
            ["--count", "-1"], ["--since", "0"], ["--since", "yesterday"], ["--since", "-1"],
        ])
    func wrongUsage(arguments: [String]) { #expect(BelfryTool.run(["tail"] + arguments) == 2) }

    @Test("begins where it was told, and says what is gone, or not there yet")
    func start() throws {
        let ring = try SmallRing()
        for number in 1...100 { ring.publish(Array("\(number)".utf8)) }
        func begin(_ text: String) throws -> (next: UInt64, words: String?) {
            let observer = try ring.observer()
            let words = try #require(TailStart(text)).begin(observer)
            return (observer.next, words)
        }
        #expect(try begin("90") == (90, nil))
        #expect(try begin("37") == (37, nil))
        #expect(try begin("36") == (37, "36 is gone: the ring reaches back to 37"))
        #expect(try begin("1") == (37, "1 to 36 are gone: the ring reaches back to 37"))
        #expect(try begin("101") == (101, nil))
        #expect(try begin("102") == (101, "102 is not there yet; the next notification is 101"))
        #expect(try begin("0123456789abcdef-1-90") == (90, nil))
        let other = try begin("0000000000000001-1-90")
        #expect(other.next == 37 && other.words?.hasPrefix("that message was of another ring") == true)
    }

    @Test("tells what it missed at once, then once a second, and in the end in all")
    func notes() {
        let second: UInt64 = 1_000_000_000
        var notes = TailNotes()
        #expect(notes.note(missed: 0, at: 5 * second) == nil)
        #expect(notes.sum(missed: 0, damaged: 0) == [])
        #expect(notes.note(missed: 1, at: 5 * second)?.hasPrefix("missed 1 notification:") == true)
        #expect(notes.note(missed: 7, at: 5 * second + 1) == nil)
        #expect(notes.note(missed: 9, at: 6 * second)?.hasPrefix("missed 8 notifications:") == true)
        #expect(notes.note(missed: 9, at: 9 * second) == nil)
        #expect(notes.sum(missed: 12, damaged: 1).count == 2)
        #expect(notes.sum(missed: 12, damaged: 0) == ["missed 12 notifications in all"])
    }
}
