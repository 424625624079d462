// SPDX-License-Identifier: Apache-2.0
/// What a stream service's processes are given after one has died with messages in hand, and what such a death means: the
/// decisions in a table, and small services that die of one message.

import LinuxIO
import Ring
import Settings
import Testing

@testable import Delivery

@Suite("The trial after a death with messages in hand")
struct ProcessTrialTests {
    private static let failure = Failure.diedAtStart(.exited(3))
    private static let second: UInt64 = 1_000_000_000

    /// On trial, as a process has died with `held` messages in hand.
    private static func onTrial(hold: UInt64 = second, held: Int = 2) -> ProcessTrial {
        var trial = ProcessTrial(hold: hold)
        _ = trial.end(failure, held: held)
        return trial
    }

    struct End: CustomTestStringConvertible {
        /// What came before: the messages in hand of a process that died at its start, 0: nothing did.
        let before: Int
        let started: Bool
        let held: Int
        let meaning: ProcessTrial.Meaning
        let suspects: Int
        var testDescription: String { "\(before) before, started \(started), held \(held)" }
    }

    @Test(
        "a death costs an attempt if the process held one message, and had started or was on trial for its start",
        arguments: [
            End(before: 0, started: true, held: 0, meaning: .failed, suspects: 0),
            End(before: 0, started: true, held: 1, meaning: .failed, suspects: 0),
            End(before: 0, started: true, held: 9, meaning: .unclear, suspects: 9),
            End(before: 0, started: false, held: 0, meaning: .launchFailed(failure), suspects: 0),
            End(before: 0, started: false, held: 1, meaning: .launchFailed(failure), suspects: 1),
            End(before: 0, started: false, held: 9, meaning: .launchFailed(failure), suspects: 9),
            End(before: 2, started: false, held: 0, meaning: .launchFailed(failure), suspects: 2),
            End(before: 2, started: false, held: 1, meaning: .failedAlone, suspects: 2),
            End(before: 2, started: false, held: 3, meaning: .launchFailed(failure), suspects: 3),
            End(before: 2, started: true, held: 1, meaning: .failed, suspects: 2),
        ])
    func ends(row: End) {
        var trial = row.before > 0 ? Self.onTrial(held: row.before) : ProcessTrial(hold: Self.second)
        #expect(trial.end(row.started ? nil : Self.failure, held: row.held) == row.meaning)
        #expect(trial.suspects == row.suspects)
    }

    @Test("a message that a process on trial dies of at once is not to blame yet if the last one had come up")
    func diesAtOnce() {
        var trial = ProcessTrial(hold: Self.second)
        #expect(trial.end(nil, held: 9) == .unclear)
        #expect(trial.end(Self.failure, held: 1) == .launchFailed(Self.failure))
        #expect(trial.most(of: 8, launchedAt: 100, now: 100) == 0)
        #expect(trial.end(Self.failure, held: 1) == .failedAlone)
    }

    @Test("after a death of one that had come up, the next gets one message at once")
    func goesOn() {
        var trial = ProcessTrial(hold: Self.second)
        _ = trial.end(nil, held: 2)
        #expect(trial.most(of: 8, launchedAt: 100, now: 100) == 1)
        #expect(trial.opening(launchedAt: 100, after: 100) == .max)
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

    @Test("it is over when as many messages are answered as the dead process held, and then the window is open")
    func passes() {
        var trial = Self.onTrial(held: 2)
        trial.pass()
        // It has come up: nothing is held back any more, but the messages are tried alone.
        #expect(trial.most(of: 8, launchedAt: 100, now: 100) == 1)
        trial.pass()
        for trial in [trial, ProcessTrial(hold: Self.second)] {
            #expect(trial.most(of: 8, launchedAt: 100, now: 100) == 8)
            #expect(trial.opening(launchedAt: 100, after: 100) == .max)
        }
    }

    @Test("what ended the process by its own fault is the cause, else its status")
    func causes() {
        #expect(ProcessTrial.Meaning.failedAlone.cause(.exited(3), verdict: nil) == .diedAlone(.exited(3)))
        #expect(ProcessTrial.Meaning.failedAlone.cause(.exited(3), verdict: .unreadable) == .unreadable)
        #expect(ProcessTrial.Meaning.failed.cause(.exited(3), verdict: nil) == .ended(.exited(3)))
        #expect(ProcessTrial.Meaning.launchFailed(Self.failure).cause(.exited(3), verdict: nil) == nil)
        #expect(ProcessTrial.Meaning.unclear.cause(.exited(3), verdict: .mute) == nil)
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

    @Test("that had answered others, and held others with it, loses that one alone", arguments: [lines, frames])
    func answersFirst(service: Settings.Service) throws {
        var service = service
        service.retry.attempts = 2
        let bench = try Self.bench(service, holding: 50_000_000)
        let worker = try bench.worker()
        bench.publish("0")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        for number in 1...9 { bench.publish(number == 4 ? "poison" : "\(number)") }
        #expect(try bench.run(worker) { try bench.counts().pending == 0 })
        #expect(try bench.counts()[.dead] == 1 && bench.delivered() == 9)
        let letter = try #require(bench.keeper.letters.first)
        #expect(letter.message.body == Array("poison".utf8) && letter.failings.attempts == 2)
        // Of the others none has lost an attempt.
        #expect(try bench.status().retried == 1)
        try bench.end(worker)
    }

    @Test("that hangs at one of those that it holds loses that one alone")
    func hangs() throws {
        let script = """
            while \(Settings.Service.readLine); do case $line in *'"body":"poison"'*) exec sleep 600;; esac
            echo ok $id; done
            """
        let service = Settings.Service.stream(script) {
            $0.ackTimeout = .milliseconds(1_000)
            $0.retry.attempts = 2
        }
        let bench = try Self.bench(service, holding: 50_000_000)
        let worker = try bench.worker()
        for number in 1...9 { bench.publish(number == 4 ? "poison" : "\(number)") }
        #expect(try bench.run(worker) { try bench.counts().pending == 0 })
        #expect(try bench.counts()[.dead] == 1 && bench.delivered() == 8)
        #expect(bench.keeper.letters.first?.message.body == Array("poison".utf8))
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
