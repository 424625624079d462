// SPDX-License-Identifier: Apache-2.0
/// The failures of a page: what is counted, what makes room, what a successor finds, and that nothing in a hostile page
/// is believed. Beside them the words of R0 by which an operator pauses a service and has it tried again.

import LinuxIO
import Testing

@testable import Ring

@Suite("The failures of a worker's page")
final class FailureLogTests {
    private let file: MemoryFile

    init() throws { file = try MemoryFile(named: "page", size: ProcessPage.size) }

    private func page() throws -> ProcessPage {
        try ProcessPage(MemoryFile.map(file.descriptor.raw, writable: true))
    }

    private func entry(_ words: String, slot: Int = 0, time: UInt64 = 0, count: UInt64 = 1) -> FailureEntry {
        FailureEntry(time: time, slot: slot, incarnation: 1, count: count, words: words)
    }

    @Test("are told with time, service and words, and counted where they happen again")
    func counted() throws {
        let page = try page()
        let log = FailureLog(page)
        log.note(slot: 3, incarnation: 9, "exit status 1", times: 2, at: 100)
        log.note(slot: 4, incarnation: 9, "exit status 1", times: 1, at: 150)
        log.note(slot: 3, incarnation: 9, "exit status 1", times: 5, at: 200)
        let found = page.failures().sorted { $0.slot < $1.slot }
        #expect(
            found == [
                FailureEntry(time: 200, slot: 3, incarnation: 9, count: 7, words: "exit status 1"),
                FailureEntry(time: 150, slot: 4, incarnation: 9, count: 1, words: "exit status 1"),
            ])
    }

    @Test("outlast the process that noted them: a successor counts on")
    func successor() throws {
        let page = try page()
        FailureLog(page).note(slot: 0, incarnation: 1, "gone", times: 3, at: 10)
        FailureLog(page).note(slot: 0, incarnation: 1, "gone", times: 1, at: 20)
        let found = page.failures()
        #expect(found == [entry("gone", time: 20, count: 4)])
    }

    @Test("keep the last one of every service, however often another fails in ever new words")
    func fair() throws {
        let page = try page()
        let log = FailureLog(page)
        for slot in 1...4 { log.note(slot: slot, incarnation: 1, "once", times: 1, at: UInt64(slot)) }
        for number in 0..<100 {
            log.note(slot: 0, incarnation: 1, "words \(number)", times: 1, at: 10 + UInt64(number))
        }
        let found = page.failures()
        #expect(Set(found.map(\.slot)) == [0, 1, 2, 3, 4] && found.count == FailureLog.entries)
        #expect(Set(found.filter { $0.slot == 0 }.map(\.words)) == Set((88..<100).map { "words \($0)" }))
    }

    @Test(
        "are cut between two characters",
        arguments: [("x", 0), ("x", 1), ("é", 0), ("é", 1), ("☎", 0), ("☎", 1), ("☎", 2), ("🔔", 1), ("🔔", 3)])
    func cut(character: String, offset: Int) throws {
        let page = try page()
        let text = String(repeating: "a", count: offset) + String(repeating: character, count: 200)
        FailureLog(page).note(slot: 0, incarnation: 1, text, times: 1, at: 1)
        let found = page.failures()
        let words = try #require(found.first).words
        #expect(text.hasPrefix(words) && words.utf8.count > FailureLog.wordsLimit - 4)
        #expect(words.utf8.count <= FailureLog.wordsLimit)
    }

    @Test("of a page full of rubbish are nothing that can't be shown")
    func hostile() throws {
        var random: UInt64 = 7
        let page = try page()
        for _ in 0..<50 {
            for place in stride(from: RingLayout.Page.failures, to: RingLayout.Page.size, by: 8) {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                page.words.store(random ^ random >> 33, place)
            }
            // Some entries that look good but for their text.
            for place in [0, 3, 15] {
                let at = page.words.advanced(
                    by: RingLayout.Page.failures + place * RingLayout.Page.failureStride)
                at.store(2, RingLayout.Failure.stamp)
                at.store32(UInt32(place * 4), RingLayout.Failure.slot)
            }
            var found = page.failures()
            for failure in found {
                #expect((0..<RingGeometry.slots).contains(failure.slot))
                #expect(failure.words.unicodeScalars.count <= FailureLog.wordsLimit)
            }
            FailureLog(page).note(slot: 1, incarnation: 1, "sane", times: 1, at: .max)
            found = page.failures()
            #expect(found.contains { $0.words == "sane" })
        }
    }

    @Test("give no entry that its writer died over")
    func torn() throws {
        let page = try page()
        FailureLog(page).note(slot: 0, incarnation: 1, "half", times: 1, at: 1)
        page.words.store(3, RingLayout.Page.failures)
        var found = page.failures()
        #expect(found.isEmpty)
        FailureLog(page).note(slot: 0, incarnation: 1, "whole", times: 1, at: 1)
        found = page.failures()
        #expect(found.map(\.words) == ["whole"])
    }
}

@Suite("A slot's words for an operator")
struct OperatorWordsTests {
    @Test("pause one service and no other, and outlast a change of the slot")
    func pause() throws {
        let ring = try TestRing()
        ring.install(0)
        ring.install(1)
        let control = try ring.control()
        ring.supervisor.setPaused(true, slot: 1)
        var paused = (0...1).map { control.isPaused(slot: $0) }
        #expect(paused == [false, true])
        ring.install(1, shards: 2)
        paused = (0...1).map { control.isPaused(slot: $0) }
        #expect(paused == [false, true])
        ring.supervisor.setPaused(false, slot: 1)
        paused = (0...1).map { control.isPaused(slot: $0) }
        #expect(paused == [false, false])
    }

    @Test("hold one back behind an older slot, whatever an operator wants, until it may begin")
    func heldBack() throws {
        let ring = try TestRing()
        ring.install(0)
        let control = try ring.control()
        var words: [Bool] { [control.isPaused(slot: 0), control.isHeldBack(slot: 0)] }
        ring.supervisor.setHeldBack(true, slot: 0)
        #expect(words == [false, true])
        ring.supervisor.setPaused(true, slot: 0)
        #expect(words == [true, true])
        ring.supervisor.setPaused(false, slot: 0)
        #expect(words == [false, true])
        ring.supervisor.setHeldBack(false, slot: 0)
        #expect(words == [false, false])
    }

    @Test("count the requests to try again, and leave the slot as it is")
    func retry() throws {
        let ring = try TestRing()
        ring.install(63)
        let control = try ring.control()
        let before = try control.slot(63)
        ring.supervisor.askRetry(slot: 63)
        ring.supervisor.askRetry(slot: 63)
        let asked = (62...63).map { control.retryAsked(slot: $0) }
        #expect(asked == [0, 2])
        let numbers = (0..<2).map { _ in ring.supervisor.askRestart(slot: 63) }
        let restarts = (62...63).map { control.restartAsked(slot: $0) }
        #expect(numbers == [1, 2] && restarts == [0, 2])
        let after = try control.slot(63)
        #expect(after == before)
    }
}
