// SPDX-License-Identifier: Apache-2.0
/// What a start finds wrong with what the last one has left is in `belfry incidents`, as it is in the log.
/// Invariant of each test: the damage is done to files of a belfryd that is dead, and what it costs stands in the ledger.

import Foundation
import LinuxIO
import Testing

@Suite("Incidents of a start")
struct StartIncidentTests {
    private let scratch: Scratch
    private let recorder: Recorder

    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("late", in: scratch)
    }

    private func start(_ durability: String, _ service: String? = nil) throws -> Broker {
        try Broker(
            scratch, services: [service ?? recorder.service()], settings: "ring: { durability: \(durability) }")
    }

    /// A belfryd that is dead, and has two messages in its commit log that nobody has got.
    private func leave() throws {
        let broker = try start("disk")
        #expect(try broker.belfry(["pause", "late"]).succeeded)
        try broker.send(["the first one"])
        try broker.send(["the second one"])
        try broker.kill()
    }

    private var segments: String { scratch.file("state/segments") }

    private func names(_ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: segments).filter { $0.hasPrefix(prefix) }
    }

    private func change(_ name: String, _ body: (inout Data) throws -> Void) throws {
        let file = URL(fileURLWithPath: "\(segments)/\(name)")
        var bytes = try Data(contentsOf: file)
        try body(&bytes)
        try bytes.write(to: file)
    }

    /// The incident that the next start tells of, once it is in the store.
    private func incident(_ broker: Broker, _ kind: String, _ process: String) throws -> (detail: String, count: Int) {
        let found = try scratch.poll("an incident \(kind) of \(process)\n\(broker.program.errors)") {
            let found = try broker.incidents("--kind", kind, "--process", process)
            return found.isEmpty ? nil : found
        }
        #expect(found.count == 1, "\(found)")
        return (found[0]["detail"] as? String ?? "", found[0]["count"] as? Int ?? 0)
    }

    @Test("a message that the disk has damaged")
    func corruption() throws {
        try leave()
        let log = try #require(try names("log-").first)
        try change(log) { bytes in
            let place = try #require(bytes.range(of: Data("the first one".utf8)))
            bytes[place.lowerBound] ^= 1
        }
        let broker = try start("disk")
        let found = try incident(broker, "corruption", "supervisor")
        #expect(found.detail.contains("/\(log): of messages 1 to 1, 1 can't be read") && found.count == 1, "\(found)")
        #expect(broker.program.errors.contains(found.detail))
        #expect(try recorder.wait(for: 1).map(\.text) == ["the second one"])
        let ledger = try broker.ledger("its delivery") { $0.services["late"]?.pending == 0 }
        #expect(ledger.services["late"]?.dropped == ["corrupt": 1] && ledger.services["late"]?.delivered == 1)
        try broker.stop()
    }

    @Test("an end of the log that was not written whole")
    func tornTail() throws {
        try leave()
        let log = try #require(try names("log-").first)
        try change(log) { bytes in
            // Batches begin at whole pages.
            let end = (try #require(bytes.lastIndex { $0 != 0 }) / 4_096 + 1) * 4_096
            if bytes.count < end + 4_096 { bytes.append(Data(count: end + 4_096 - bytes.count)) }
            bytes.replaceSubrange(end..<end + 64, with: Data(repeating: 0x5A, count: 64))
        }
        let broker = try start("disk")
        let found = try incident(broker, "disk", "supervisor")
        #expect(found.detail.contains("/\(log): ends in the middle of message 3: cut there"), "\(found)")
        #expect(try recorder.wait(for: 2).count == 2)
        try broker.stop()
    }

    @Test("files without a checkpoint")
    func foreign() throws {
        try leave()
        let log = try #require(try names("log-").first)
        for name in try names("checkpoint-") { try FileManager.default.removeItem(atPath: "\(segments)/\(name)") }
        let broker = try start("disk")
        let found = try incident(broker, "corruption", "supervisor")
        #expect(found.detail.contains("/\(log): there is no checkpoint"), "\(found)")
        #expect(try names("log-").contains("\(log).corrupt"))
        try broker.stop()
    }

    @Test("deliveries that were in memory alone, by service")
    func lost() throws {
        // One that fails, and not a pause, which would come too late for what the second start finds.
        let failing =
            "- name: late\n  topics: [\">\"]\n  command: [/bin/false]\n  retry: { backoff: 1h, max-backoff: 1h }"
        // What is parked keeps the committer, and with it the checkpoints.
        let first = try start("memory", failing)
        try first.send(["parked"])
        try first.stop()
        let second = try start("memory", failing)
        var seen = try checkpoints()
        // The second one that changes was taken behind a message that was accepted before the first did.
        var (changes, sent) = (0, 0)
        let deadline = Deadline.after(.seconds(60))
        while changes < 2, !deadline.passed {
            try second.send(["in memory"])
            sent += 1
            let now = try checkpoints()
            if now != seen { changes += 1 }
            seen = now
        }
        #expect(changes == 2)
        try second.kill()
        let third = try start("memory", failing)
        let found = try incident(third, "lost", "late")
        #expect(found.detail == "deliveries that were in memory alone when belfryd was killed")
        #expect((1...sent).contains(found.count), "\(found) of \(sent)")
        #expect(try third.ledger().services["late"]?.dropped["lost"] == UInt64(found.count))
        try third.stop()
    }

    private func checkpoints() throws -> [Data] {
        try names("checkpoint-").sorted().map { try Data(contentsOf: URL(fileURLWithPath: "\(segments)/\($0)")) }
    }
}
