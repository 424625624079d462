// SPDX-License-Identifier: Apache-2.0
/// What a publisher has taken over, step by step, with a clock of the test's own.

import Synchronization
import Testing
import Wire

@testable import BelfryClient

@Suite("The state of a publisher")
struct PublishStateTests {
    private static let frame: [UInt8] = {
        var frame: [UInt8] = []
        NativeFrame.appendPublish(number: 0, topic: [UInt8]().span, body: [UInt8]().span, to: &frame)
        return frame
    }()

    private static func state(window: Int = 2, timeout: UInt64 = 1000) -> PublishState {
        var state = PublishState(windowCount: window, windowBytes: 1 << 20, timeout: timeout, now: 0)
        _ = state.take(.welcome(lastAccepted: 0, maxMessage: 100), now: 0)
        return state
    }

    private static func waiter(_ token: UInt64, deadline: UInt64 = .max) -> Waiter {
        Waiter(token: token, deadline: deadline) { _ in }
    }

    private static func submission(_ token: UInt64, deadline: UInt64 = .max, answer: Bool) -> PublishState.Submission {
        .init(frame: frame, waiter: waiter(token, deadline: deadline), wantsAnswer: answer)
    }

    /// Token and ending, in order.
    private static func brief(_ settled: [Settled]) -> [String] { settled.map { "\($0.waiter.token) \($0.ending)" } }

    @Test("lets in what has room, keeps the rest in order, and lets it in as acks come")
    func admission() {
        var state = Self.state()
        #expect(Self.brief(state.submit(Self.submission(1, answer: false), now: 0)) == ["1 done(1)"])
        #expect(state.submit(Self.submission(2, answer: true), now: 0).isEmpty)
        #expect(state.submit(Self.submission(3, answer: false), now: 0).isEmpty)
        #expect(state.submit(Self.submission(4, answer: true), now: 0).isEmpty)
        #expect(!state.isOpen && state.window.count == 2)
        #expect(Self.brief(state.take(.ack(1), now: 1)) == ["3 done(3)"])
        #expect(Self.brief(state.take(.ack(3), now: 2)) == ["2 done(2)"])
        #expect(Self.brief(state.take(.ack(4), now: 3)) == ["4 done(4)"])
        #expect(state.isOpen)
    }

    @Test("who waits for room is let in when a quarter is free, and then as many as there is room for")
    func ample() {
        var state = Self.state(window: 8)
        for token in UInt64(1)...14 { _ = state.submit(Self.submission(token, answer: false), now: 0) }
        #expect(state.take(.ack(1), now: 0).isEmpty)
        #expect(Self.brief(state.take(.ack(2), now: 0)) == ["9 done(9)", "10 done(10)"])
        #expect(Self.brief(state.take(.ack(6), now: 0)) == (11...14).map { "\($0) done(\($0))" })
    }

    @Test("takes over at once what has room and fits, and looks at the clock only when it begins to wait")
    func admit() throws {
        var state = Self.state()
        var asked = 0
        func now() -> UInt64 {
            asked += 1
            return 7
        }
        let body = [UInt8](repeating: 0, count: 101)
        #expect(throws: PublishError.refused(Refusal(.tooLarge))) { _ = try state.admit("a", body.span, now: now()) }
        #expect(throws: PublishError.refused(Refusal(.badTopic))) { _ = try state.admit("", Span(), now: now()) }
        #expect(try state.admit("a", Span(), now: now()) == 1)
        #expect(try state.admit("a", Span(), now: now()) == 2)
        #expect(try state.admit("a", Span(), now: now()) == nil)
        #expect(asked == 1)
        _ = state.end(with: .closed)
        #expect(throws: PublishError.closed) { _ = try state.admit("a", Span(), now: now()) }
    }

    @Test("a flush waits for what was taken over before it, and for no more")
    func flush() {
        var state = Self.state()
        #expect(Self.brief(state.flush(Self.waiter(1))) == ["1 done(0)"])
        _ = state.submit(.init(frame: Self.frame, wantsAnswer: false), now: 0)
        #expect(state.flush(Self.waiter(2)).isEmpty)
        _ = state.submit(.init(frame: Self.frame, wantsAnswer: false), now: 0)
        #expect(Self.brief(state.take(.ack(1), now: 0)) == ["2 done(1)"])
    }

    @Test("is stalled only while something is unacked, counted from the last ack")
    func stalled() {
        var state = Self.state(timeout: 1000)
        #expect(!state.isStalled(now: 5000))
        _ = state.submit(.init(frame: Self.frame, wantsAnswer: false), now: 5000)
        #expect(!state.isStalled(now: 5999) && state.isStalled(now: 6000))
        _ = state.submit(.init(frame: Self.frame, wantsAnswer: false), now: 5500)
        _ = state.take(.ack(1), now: 5900)
        #expect(!state.isStalled(now: 6899) && state.isStalled(now: 6900))
        #expect(state.plan(after: nil, now: 6000).until == 6900)
        _ = state.take(.ack(2), now: 6000)
        #expect(state.plan(after: nil, now: 6000).until == .max)
    }

    @Test("a refusal that comes again after a new connection is told once")
    func refusedTwice() {
        var state = Self.state()
        _ = state.submit(.init(frame: Self.frame, wantsAnswer: false), now: 0)
        #expect(state.take(.refused(Refusal(number: 1, .full)), now: 0).isEmpty)
        #expect(state.take(.refused(Refusal(number: 1, .full)), now: 0).isEmpty)
        #expect(state.take(.refused(Refusal(number: 9, .full)), now: 0).isEmpty)
        _ = state.take(.ack(1), now: 0)
        let error = PublishError.someRefused(first: [Refusal(number: 1, .full)], count: 1)
        #expect(state.flush(Self.waiter(1)).map(\.ending) == [.failed(error)])
        #expect(state.flush(Self.waiter(2)).map(\.ending) == [.done(1)])
        #expect(state.refusedInAll == 1)
    }

    @Test("deadlines end the waits whose time it is, and say whether something was sent")
    func deadlines() {
        var state = Self.state(window: 1)
        _ = state.submit(Self.submission(1, deadline: 10, answer: true), now: 0)
        _ = state.submit(Self.submission(2, deadline: 20, answer: true), now: 0)
        _ = state.flush(Self.waiter(3, deadline: 30))
        #expect(state.plan(after: nil, now: 0).until == 10)
        #expect(state.expire(now: 9).isEmpty)
        #expect(
            state.expire(now: 20).map(\.ending) == [
                .failed(.timedOut(isWithdrawn: true)), .failed(.timedOut(isWithdrawn: false)),
            ])
        #expect(state.plan(after: nil, now: 20).until == 30)
        #expect(Self.brief(state.take(.ack(1), now: 21)) == ["3 done(1)"])
        #expect(state.window.isEmpty && state.window.next == 2)
    }

    @Test("cancelling takes a waiter out wherever it is, once")
    func cancel() {
        var state = Self.state(window: 1)
        _ = state.submit(Self.submission(1, answer: true), now: 0)
        _ = state.submit(Self.submission(2, answer: false), now: 0)
        _ = state.flush(Self.waiter(3))
        for token in UInt64(1)...3 {
            #expect(Self.brief(state.cancel(token)) == ["\(token) cancelled"])
            #expect(state.cancel(token).isEmpty)
        }
        _ = state.take(.ack(1), now: 0)
        #expect(state.window.next == 2)
    }

    @Test("its end is told to all who wait, and to all who come later")
    func ends() {
        var state = Self.state(window: 1)
        _ = state.submit(Self.submission(1, answer: true), now: 0)
        _ = state.submit(Self.submission(2, answer: false), now: 0)
        #expect(state.end(with: .closed).map(\.ending) == [.failed(.closed), .failed(.closed)])
        #expect(state.end(with: .notBelfry(address: "")).isEmpty)
        #expect(state.submit(Self.submission(3, answer: true), now: 0).map(\.ending) == [.failed(.closed)])
        #expect(state.flush(Self.waiter(4)).map(\.ending) == [.failed(.closed)])
        #expect(!state.isOpen)
    }

    @Test("what was sent on a broken connection is planned again, from the first unacked on")
    func again() {
        var state = Self.state(window: 10)
        for _ in 1...5 { _ = state.submit(.init(frame: Self.frame, wantsAnswer: false), now: 0) }
        #expect(state.plan(after: 0, now: 0).frames?.through == 5)
        #expect(state.plan(after: 5, now: 0).frames == nil)
        _ = state.take(.welcome(lastAccepted: 2, maxMessage: 100), now: 0)
        #expect(state.plan(after: nil, now: 0).frames == nil)
        let frames = state.plan(after: 0, now: 0).frames
        #expect(frames?.numbers == [3, 4, 5] && frames?.through == 5)
    }
}
