// SPDX-License-Identifier: Apache-2.0
/// What a stream service's processes are given after one has died at its start, and what such a death means: the decisions
/// in a table, and small services that die of one message.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("The trial after a death at start")
struct StartTrialTests {
    private static let failure = Failure.diedAtStart(.exited(3))
    private static let second: UInt64 = 1_000_000_000

    /// On trial, as a process has died with `held` messages in hand.
    private static func onTrial(hold: UInt64 = second, held: Int = 2) -> StartTrial {
        var trial = StartTrial(hold: hold)
        _ = trial.end(failure, held: held)
        return trial
    }

    struct End: CustomTestStringConvertible {
        let isOnTrial: Bool
        let started: Bool
        let held: Int
        let meaning: StartTrial.Meaning
        let isOn: Bool
        var testDescription: String { "trial \(isOnTrial), started \(started), held \(held)" }
    }

    @Test(
        "a death costs an attempt if the process had started, or if it was on trial with one message",
        arguments: [
            End(isOnTrial: false, started: true, held: 0, meaning: .failed, isOn: false),
            End(isOnTrial: false, started: true, held: 9, meaning: .failed, isOn: false),
            End(isOnTrial: false, started: false, held: 0, meaning: .launchFailed(failure), isOn: false),
            End(isOnTrial: false, started: false, held: 1, meaning: .launchFailed(failure), isOn: true),
            End(isOnTrial: false, started: false, held: 9, meaning: .launchFailed(failure), isOn: true),
            End(isOnTrial: true, started: false, held: 0, meaning: .launchFailed(failure), isOn: true),
            End(isOnTrial: true, started: false, held: 1, meaning: .failedAlone, isOn: true),
            End(isOnTrial: true, started: false, held: 2, meaning: .launchFailed(failure), isOn: true),
            End(isOnTrial: true, started: true, held: 1, meaning: .failed, isOn: true),
        ])
    func ends(row: End) {
        var trial = row.isOnTrial ? Self.onTrial() : StartTrial(hold: Self.second)
        #expect(trial.end(row.started ? nil : Self.failure, held: row.held) == row.meaning)
        #expect(trial.isOn == row.isOn)
    }

    @Test(
        "a process on trial gets nothing for a second, then one message, and never more than its window",
        arguments: [
            (Self.second, 8, 0, 0), (Self.second, 8, Self.second - 1, 0), (Self.second, 8, Self.second, 1),
            (Self.second, 0, Self.second, 0), (0, 8, 0, 1),
        ] as [(UInt64, Int, UInt64, Int)])
    func gives(hold: UInt64, window: Int, age: UInt64, most: Int) {
        let trial = Self.onTrial(hold: hold)
        #expect(trial.most(of: window, launchedAt: 100, now: 100 + age) == most)
        #expect(trial.opening(launchedAt: 100, after: 100 + age) == (age < hold ? 100 + hold : .max))
    }

    @Test("its first answer ends it, and a process that is not on trial gets all")
    func passes() {
        var trial = Self.onTrial()
        trial.pass()
        for trial in [trial, StartTrial(hold: Self.second)] {
            #expect(trial.most(of: 8, launchedAt: 100, now: 100) == 8)
            #expect(trial.opening(launchedAt: 100, after: 100) == .max)
        }
    }

    @Test("what ended the process by its own fault is the cause, else its status")
    func causes() {
        #expect(StartTrial.Meaning.failedAlone.cause(.exited(3), verdict: nil) == .diedAlone(.exited(3)))
        #expect(StartTrial.Meaning.failedAlone.cause(.exited(3), verdict: .unreadable) == .unreadable)
        #expect(StartTrial.Meaning.failed.cause(.exited(3), verdict: nil) == .ended(.exited(3)))
        #expect(StartTrial.Meaning.launchFailed(Self.failure).cause(.exited(3), verdict: nil) == nil)
    }
}

@Suite("A stream service that dies of a message")
struct PoisonTests {
    private static let lines = Settings.Service.stream(
        """
        while \(Settings.Service.readLine); do case $line in *'"body":"poison"'*) exit 9;; esac
        body=${line##*'"body":"'}; echo ${body%%'"'*} >> $OUT/got; echo ok $id; done
        """)
    private static let frames = Settings.Service.frames(
        """
        window(8)
        while d := next():
            if d.body == b"poison": os._exit(9)
            note("got", d.body.decode()); done((d.number, d.number))
        """)

    private static func bench(_ service: Settings.Service, holding hold: UInt64) throws -> Bench {
        var graces = WorkerContext.Graces()
        graces.proving = hold
        graces.start = 60_000_000_000
        return try Bench([service], graces: graces)
    }

    @Test(
        "loses that one by its retry policy, and takes all others",
        arguments: [lines, frames], [Settings.Service.Order.none, .all])
    func poison(service: Settings.Service, order: Settings.Service.Order) throws {
        var service = service
        service.order = order
        service.retry.attempts = 3
        let bench = try Self.bench(service, holding: 50_000_000)
        let worker = try bench.worker()
        bench.publish("poison")
        for number in 1...5 { bench.publish("\(number)") }
        #expect(try bench.run(worker) { try bench.counts().pending == 0 })
        #expect(try bench.counts()[.dead] == 1 && bench.delivered() == 5)
        #expect(bench.lines("got") == (1...5).map(String.init))
        let letter = try #require(bench.keeper.letters.first)
        #expect(letter.message.body == Array("poison".utf8) && letter.failings.attempts == 3)
        #expect(letter.failings.reason == "died of its first message (exit 9)")
        #expect(try bench.status().launchFailures > 0)
        try bench.end(worker)
    }

    @Test("that dies by itself, with nothing in hand, has failed to start for ever, and costs no message an attempt")
    func broken() throws {
        let service = Settings.Service.stream("echo >> $OUT/starts; exit 3") { $0.retry.attempts = 1 }
        // However slowly it dies, it gets nothing meanwhile.
        let bench = try Self.bench(service, holding: 60_000_000_000)
        let worker = try bench.worker()
        bench.publish("x")
        bench.publish("y")
        #expect(try bench.run(worker) { try bench.status().launchFailures >= 5 })
        #expect(try bench.counts().pending == 2 && bench.status().retried == 0 && bench.keeper.letters.isEmpty)
        #expect(try bench.status().reason == "died at start (exit 3)")
        try bench.end(worker)
    }
}
