// SPDX-License-Identifier: Apache-2.0
/// The back-offs: when a failed delivery and a failed launch come again.

import Settings
import Testing

@testable import Delivery

@Suite("The retry policy")
struct RetryPolicyTests {
    private static func policy(attempts: Int = 5, backoff: Int = 1000, maxBackoff: Int = 10_000) -> RetryPolicy {
        var retry = Settings.Service.Retry()
        retry.attempts = attempts
        retry.backoff = .milliseconds(backoff)
        retry.maxBackoff = .milliseconds(maxBackoff)
        return RetryPolicy(retry)
    }

    @Test(
        "doubles the delay up to the greatest",
        arguments: [(1, 1000), (2, 2000), (3, 4000), (4, 8000), (5, 10_000), (6, 10_000), (999_999, 10_000)])
    func delays(attempt: UInt32, milliseconds: UInt64) throws {
        var jitter = Jitter(seed: 1)
        let plain = milliseconds * 1_000_000
        for _ in 0..<1_000 {
            let delay = try #require(Self.policy(attempts: 1_000_000).delay(after: attempt, &jitter))
            #expect(delay >= plain - plain / 4 && delay <= min(plain + plain / 4, 10_000_000_000))
        }
    }

    @Test("never gives two failures in a row the same moment")
    func spreads() {
        var jitter = Jitter(seed: 2)
        let delays = (0..<100).map { _ in Self.policy().delay(after: 1, &jitter) }
        #expect(Set(delays).count > 90)
    }

    @Test("gives up when the attempts are used up, or the time since the first failure is")
    func givesUp() {
        var chance = Jitter(seed: 9)
        #expect(Self.policy(attempts: 3).delay(after: 2, &chance) != nil)
        #expect(Self.policy(attempts: 3).delay(after: 3, &chance) == nil)
        var retry = Settings.Service.Retry()
        (retry.attempts, retry.jitter, retry.timeLimit) = (100, 0, .seconds(10))
        let policy = RetryPolicy(retry)
        #expect(policy.delay(after: 1, age: 5_000_000_000, &chance) == 1_000_000_000)
        // The last attempt is made at the limit.
        #expect(policy.delay(after: 5, age: 9_000_000_000, &chance) == 1_000_000_000)
        #expect(policy.delay(after: 6, age: 10_000_000_000, &chance) == nil)
    }

    @Test("spreads by the service's jitter, and not at all without one")
    func jitter() throws {
        var retry = Settings.Service.Retry()
        retry.jitter = 10
        var chance = Jitter(seed: 8)
        for _ in 0..<1_000 {
            let delay = try #require(RetryPolicy(retry).delay(after: 1, &chance))
            #expect((900_000_000...1_100_000_000).contains(delay))
        }
        retry.jitter = 0
        #expect(RetryPolicy(retry).delay(after: 2, &chance) == 2_000_000_000)
    }

    @Test("gives the same delays for the same seed")
    func seeded() {
        var first = Jitter(seed: 3)
        var second = Jitter(seed: 3)
        for attempt in 1...10 as ClosedRange<UInt32> {
            #expect(Self.policy().delay(after: attempt, &first) == Self.policy().delay(after: attempt, &second))
        }
    }

    @Test("takes a greatest back-off below the first one for the first one")
    func contradiction() throws {
        var jitter = Jitter(seed: 4)
        let delay = try #require(Self.policy(backoff: 1000, maxBackoff: 10).delay(after: 1, &jitter))
        #expect(delay >= 750_000_000 && delay <= 1_000_000_000)
    }
}

@Suite("The launch back-off")
struct LaunchBackoffTests {
    @Test("begins with a second, doubles to the service's greatest, and never gives up")
    func doubles() {
        var retry = Settings.Service.Retry()
        retry.maxBackoff = .seconds(10)
        var backoff = LaunchBackoff(retry)
        var jitter = Jitter(seed: 5)
        #expect(!backoff.blocks(at: 0))
        for plain in [1, 2, 4, 8, 10, 10, 10] as [UInt64] {
            backoff.fail(at: 100, &jitter)
            let delay = backoff.until - 100
            #expect(delay >= plain * 750_000_000 && delay <= min(plain * 1_250_000_000, 10_000_000_000))
            #expect(backoff.blocks(at: backoff.until - 1) && !backoff.blocks(at: backoff.until))
        }
        for _ in 0..<1_000 { backoff.fail(at: 100, &jitter) }
        #expect(backoff.until <= 10_000_000_100)
    }

    @Test("begins anew after a launch that worked")
    func forgets() {
        var backoff = LaunchBackoff(Settings.Service.Retry())
        var jitter = Jitter(seed: 6)
        for _ in 0..<5 { backoff.fail(at: 0, &jitter) }
        backoff.succeed()
        #expect(!backoff.blocks(at: 0))
        backoff.fail(at: 0, &jitter)
        #expect(backoff.until <= 1_250_000_000)
    }
}

@Suite("The end of a process")
struct ProcessEndingTests {
    @Test("goes from the closed input over SIGTERM to SIGKILL, each step once")
    func steps() {
        var ending = ProcessEnding()
        #expect(ending.advance(now: 1_000, grace: 10) == nil)
        #expect(ending.begin(.asked, now: 0, grace: 10) == .asked)
        #expect(ending.begin(.asked, now: 5, grace: 10) == nil)
        #expect(ending.advance(now: 9, grace: 10) == nil)
        #expect(ending.advance(now: 10, grace: 10) == .terminated && ending.isForced)
        #expect(ending.advance(now: 20, grace: 10) == .killed)
        #expect(ending.advance(now: .max - 1, grace: 10) == nil)
    }

    @Test("can be hurried but not held up")
    func hurry() {
        var ending = ProcessEnding()
        #expect(ending.begin(.terminated, now: 0, grace: 100) == .terminated)
        #expect(ending.begin(.asked, now: 1, grace: 10) == nil && ending.deadline == 100)
        #expect(ending.begin(.terminated, now: 1, grace: 100) == nil && ending.deadline == 100)
        #expect(ending.begin(.terminated, now: 1, grace: 30) == nil && ending.deadline == 31)
        #expect(ending.begin(.killed, now: 2, grace: 100) == .killed)
        #expect(ending.deadline == .max)
    }
}

@Suite("The end of a worker")
struct WorkerEndingTests {
    @Test("drains until nothing is pending, asks the services, and is finished when they are gone")
    func drains() {
        var ending = WorkerEnding()
        ending.drain(deadline: 100)
        #expect(ending.advance(now: 1, isIdle: false, running: 1) == nil)
        #expect(ending.advance(now: 2, isIdle: true, running: 1) == .asked)
        #expect(ending.advance(now: 3, isIdle: true, running: 1) == nil)
        #expect(ending.advance(now: 4, isIdle: true, running: 0) == nil)
        #expect(ending.phase == .finished && ending.isDrained)
    }

    @Test("makes the services end when the time is over, and does not call itself drained")
    func deadline() {
        var ending = WorkerEnding()
        ending.drain(deadline: 100)
        #expect(ending.advance(now: 99, isIdle: false, running: 2) == nil)
        #expect(ending.advance(now: 100, isIdle: false, running: 2) == .terminated)
        #expect(ending.advance(now: 101, isIdle: true, running: 0) == nil)
        #expect(ending.phase == .finished && !ending.isDrained)
    }

    @Test("is finished at once when it is told to stop and nothing runs")
    func stops() {
        var ending = WorkerEnding()
        ending.stop(.terminated)
        #expect(ending.advance(now: 0, isIdle: false, running: 0) == .terminated)
        #expect(ending.phase == .finished && !ending.isDrained)
    }

    @Test("serves on as long as nobody says otherwise")
    func serves() {
        var ending = WorkerEnding()
        #expect(ending.advance(now: .max, isIdle: true, running: 0) == nil && ending.phase == .serving)
    }
}
