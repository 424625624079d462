// SPDX-License-Identifier: Apache-2.0
/// One question of the control socket, answered by the keeper on the asker's own connection.
///
/// Made by Keeper with a session that the supervisor has lent; it goes on with it once the answer is written.
/// Invariant: an answer is whole lines, the last of them `ok` or an error; an asker that has gone or does not read holds
/// up nobody.

import Control
import LinuxIO
import Reactor
import Wire

final class KeeperSession {
    let question: KeeperQuestion
    private(set) var isDone = false
    /// Why the store could not be asked, if that is damage.
    private(set) var damage: (any Error)?
    private let socket: Descriptor
    private let loop: EventLoop
    private let watch: Watch
    private let replays: ReplayDesk
    private let output = ByteBuffer(capacity: 4_096, limit: 2 * ControlClient.longestAnswer)
    /// Numbers of a replay that is waited for, and in which form it is told.
    private var awaited: (numbers: ClosedRange<UInt64>, format: ReportFormat)?

    init(
        _ question: KeeperQuestion, _ socket: consuming Descriptor, _ loop: EventLoop, _ subject: Subject,
        _ replays: ReplayDesk
    ) throws {
        self.question = question
        watch = try loop.watch(socket.raw, subject, [])
        self.socket = socket
        self.loop = loop
        self.replays = replays
    }

    deinit { loop.unwatch(watch) }

    /// Answers, or begins what is to be answered later.
    /// - Parameter trouble: why nothing can be kept now.
    func begin(_ store: KeeperStore, trouble: String?) {
        do {
            FaultPoint.reach(.questionHeard)
            let request = try ControlRequest.parse(Array(question.line.utf8).span)
            guard let answer = try answer(request, store, trouble) else { return }
            succeed(answer)
        } catch let fault as ControlFault {
            fail(fault)
        } catch let error where KeeperStore.isDamage(error) {
            damage = error
            let words = StoreFault.words(error)
            fail(ControlFault("the store is damaged: \(words); it is set aside, and a new one is begun"))
        } catch {
            fail(ControlFault("the store can't be asked: \(StoreFault.words(error))"))
        }
    }

    /// Looks whether what it waits for has come.
    func proceed() {
        guard let (numbers, format) = awaited, replays.done >= numbers.upperBound else { return }
        awaited = nil
        let refusals = replays.takeRefusals(in: numbers)
        var change = DeadChange(.replay)
        change.count = UInt64(numbers.count) - refusals.count
        change.refused = refusals.count
        change.reason = refusals.reason
        succeed(change.answer(format))
    }

    /// It takes more, or has gone.
    func hear() {
        // Nothing else is waited for: what it has asked for is done, though it does not hear of it.
        if output.isEmpty { isDone = true } else { flush() }
    }

    private func flush() {
        switch output.write(to: socket.raw) {
        case .wrote where output.isEmpty: isDone = awaited == nil
        case .wrote, .wouldBlock: try? loop.change(watch, .writable)
        case .closed, .failed: isDone = true
        }
    }

    /// nil: later.
    private func answer(_ request: ControlRequest, _ store: KeeperStore, _ trouble: String?) throws -> [UInt8]? {
        switch request {
        case .incidents(let format, let filter):
            var report = try store.incidents(filter)
            report.now = Clock.realtime()
            report.trouble = trouble
            return report.answer(format)
        case .updates(let format, let filter):
            var history = try store.updates(filter)
            history.now = Clock.realtime()
            return history.answer(format)
        case .dead(let action, let format, let filter):
            if let missing = try store.missing(filter.ids) {
                throw ControlFault("there is no dead letter \"\(missing)\"; \"dead list\" shows those that there are")
            }
            return try answer(action, format, filter, store, trouble)
        default: throw ControlFault("that is not for the keeper to answer")
        }
    }

    private func answer(
        _ action: DeadAction, _ format: ReportFormat, _ filter: KeeperFilter, _ store: KeeperStore, _ trouble: String?
    ) throws -> [UInt8]? {
        switch action {
        case .list, .show:
            var report = try store.letters(filter, withContent: action == .show)
            report.now = Clock.realtime()
            report.trouble = trouble
            return report.answer(format)
        case .drop:
            var change = DeadChange(.drop)
            change.count = try store.drop(filter, audit(action, filter))
            FaultPoint.reach(.lettersDropped)
            return change.answer(format)
        case .replay:
            guard let numbers = try store.beginReplay(filter, audit(action, filter)) else {
                return DeadChange(.replay).answer(format)
            }
            FaultPoint.reach(.replayNumbered)
            replays.expect(numbers)
            awaited = (numbers, format)
            return nil
        }
    }

    private func audit(_ action: DeadAction, _ filter: KeeperFilter) -> KeptNote {
        KeptNote(
            .audit, time: Clock.realtime(), subject: question.asker,
            detail: "dead \(action.rawValue)\(filter.words)")
    }

    private func succeed(_ answer: [UInt8]) {
        guard answer.count < ControlClient.longestAnswer else {
            return fail(ControlFault("these letters are more than an answer may hold; ask for fewer of them"))
        }
        var reply: [UInt8] = []
        ControlReply.appendSuccess(answer, to: &reply)
        send(reply)
    }

    private func fail(_ fault: ControlFault) {
        var reply: [UInt8] = []
        ControlReply.appendError(fault, to: &reply)
        send(reply)
    }

    private func send(_ reply: [UInt8]) {
        output.append(question.isTelnet ? TelnetStream.lines(reply) : reply)
        flush()
    }
}
