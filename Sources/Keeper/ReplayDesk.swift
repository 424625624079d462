// SPDX-License-Identifier: Apache-2.0
/// Replays under way: which letters have gone to the acceptor, and how far it has published them.
///
/// Used by Keeper. The keeper is a native sender to the acceptor, with numbers that outlive it.
/// Invariant: letters go in the order of their numbers; what was sent to an acceptor that died goes to the next one, which
/// knows up to which number it need not. Behind a refusal the acceptor takes nothing until it is greeted anew, which it is
/// when the refusal is on the disk: no number that was passed over is ever taken for one that was accepted.

import LinuxIO
import Wire

final class ReplayDesk {
    /// Why a letter that had a number has none any more.
    private static let failedAgain = "it has failed again meanwhile"
    /// Letters that the acceptor may have without an answer, and bytes.
    private static let window: UInt64 = 256
    private static let backlog = 4 << 20

    private let store: KeeperStore
    private weak var acceptor: KeeperPeer?
    /// It has told what it knows of us.
    private var isWelcome = false
    /// Numbers that have gone out, and those that are done with.
    private var sent: UInt64 = 0
    private(set) var done: UInt64 = 0
    /// The greatest number of a letter that is on its way.
    private var last: UInt64 = 0
    /// The first that this keeper has given: of those before nobody waits for an answer.
    private var first = UInt64.max
    /// Why numbers were refused, until somebody asks.
    private var refusals: [UInt64: String] = [:]
    /// What the acceptor has said and the store could not take yet.
    private var unwritten: [KeeperFrame] = []
    /// The store is damaged, and nothing will come of trying again.
    private(set) var damage: (any Error)?

    init(_ store: KeeperStore) throws {
        self.store = store
        // Those of an earlier keeper.
        last = try store.lastReplay()
    }

    /// Whether letters wait for the acceptor.
    var isWaiting: Bool { last > done }
    /// Whether it is to be tried again to write.
    var isStuck: Bool { !unwritten.isEmpty }

    func begin(with peer: KeeperPeer) throws {
        acceptor = peer
        unwritten = []
        greet(try store.sender())
    }

    private func greet(_ id: SenderID) {
        isWelcome = false
        acceptor?.send(.hello(id))
        acceptor?.flush()
        FaultPoint.reach(.acceptorGreeted)
    }

    func end(with peer: KeeperPeer) {
        guard acceptor === peer else { return }
        acceptor = nil
        isWelcome = false
    }

    /// Letters have got these numbers.
    func expect(_ numbers: ClosedRange<UInt64>) {
        first = min(first, numbers.lowerBound)
        last = max(last, numbers.upperBound)
    }

    func take(_ frame: KeeperFrame) {
        unwritten.append(frame)
        writeDown()
    }

    /// Writes down what the acceptor has said, as far as the store takes it.
    private func writeDown() {
        while let frame = unwritten.first {
            guard attempt({ try write(frame) }) != nil else { return }
            unwritten.removeFirst()
        }
    }

    /// What fails is tried again with the next step.
    private func attempt<Value>(_ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            if KeeperStore.isDamage(error) { damage = error }
            return nil
        }
    }

    private func write(_ frame: KeeperFrame) throws {
        switch frame {
        case .welcome(let known):
            try store.endReplays(upTo: known)
            (sent, done, isWelcome) = (known, max(done, known), true)
        case .kept(let number):
            try store.endReplays(upTo: number)
            FaultPoint.reach(.replayEnded)
            done = max(done, number)
        case .refused(let number, let reason):
            try store.refuseReplay(number)
            FaultPoint.reach(.replayRefused)
            refusals[number] = reason
            done = max(done, number)
            greet(try store.sender())
        default: break
        }
    }

    /// Sends what may be sent.
    func pump() {
        writeDown()
        guard isWelcome, let acceptor, sent < done &+ Self.window, acceptor.backlog < Self.backlog else { return }
        guard let letters = attempt({ try store.replays(behind: sent, most: 32) }) else { return }
        for (number, message) in letters {
            passOver(to: number)
            acceptor.send(.replay(number: number, message))
            sent = number
            last = max(last, number)
        }
        acceptor.flush()
        if !letters.isEmpty { return FaultPoint.reach(.replaySent) }
        guard sent < last, sent <= done else { return }
        passOver(to: last &+ 1)
        (sent, done) = (last, last)
    }

    /// Letters that failed once more have lost their numbers.
    private func passOver(to number: UInt64) {
        let next = max(sent, done, first &- 1) &+ 1
        for missing in min(next, number)..<number { refusals[missing] = Self.failedAgain }
    }

    /// How many of the numbers were refused, and why the last one.
    func takeRefusals(in numbers: ClosedRange<UInt64>) -> (count: UInt64, reason: String?) {
        let keys = refusals.keys.filter(numbers.contains).sorted()
        let reason = keys.last.flatMap { refusals[$0] }
        for key in keys { refusals[key] = nil }
        return (UInt64(keys.count), reason)
    }
}
