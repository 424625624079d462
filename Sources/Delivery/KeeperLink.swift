// SPDX-License-Identifier: Apache-2.0
/// A worker's way to the keeper: dead letters that go out, and what is on the disk there.
///
/// One per worker, in its context. Shards give it letters; WorkerRole brings it the socket that the supervisor made.
/// Invariant: a letter's record gets its outcome only when the keeper has said that the letter is kept; until then the letter
/// is here, or its shard is another worker's, which delivers it once more.

import Control
import LinuxIO
import Reactor
import Wire

final class KeeperLink {
    /// A record that is to become a dead letter.
    struct Letter {
        let shard: Shard
        let index: Int
        let sequence: UInt64
        let failings: Failings
    }

    private let loop: EventLoop
    private let outbox = KeeperOutbox<Letter>()
    private var watch: Watch?
    /// The supervisor has been asked for a keeper.
    private var hasAsked = false

    init(loop: EventLoop) { self.loop = loop }

    var count: Int { outbox.items.count }

    /// Whether the supervisor has still to be asked for a keeper.
    var isUnheard: Bool { count > 0 && outbox.raw == nil && !hasAsked }

    /// The same, once.
    func needsKeeper() -> Bool {
        guard isUnheard else { return false }
        hasAsked = true
        return true
    }

    func add(_ letter: Letter) { outbox.add(letter) }

    /// The shard is let go: its letters are its next holder's.
    func forget(_ shard: Shard) { outbox.forget { $0.shard === shard } }

    /// There is a keeper, or another one: what it did not say is kept goes to it again.
    func adopt(_ descriptor: consuming Descriptor) {
        close()
        hasAsked = false
        try? outbox.adopt(descriptor)
        watch = outbox.raw.flatMap { try? loop.watch($0, Token(.keeper).subject, .readable) }
        if watch == nil { close() }
    }

    /// Sends what can be sent.
    /// - Parameter encode: makes a letter's frame; false if its record can't be read, or is not to be kept any more.
    func work(_ encode: (Letter, _ number: UInt64, inout [UInt8]) -> Bool) {
        guard count > 0 || outbox.hasBacklog else { return }
        keepOpen(outbox.send(encode))
    }

    /// The keeper has said something, or takes more.
    /// - Parameter settle: called for each letter that is kept.
    func handle(_ settle: (Letter) -> Void) { keepOpen(outbox.receive(settle)) }

    private func keepOpen(_ isOpen: Bool) {
        guard isOpen else { return close() }
        if let watch { try? loop.change(watch, outbox.hasBacklog ? [.readable, .writable] : .readable) }
    }

    private func close() {
        if let watch { loop.unwatch(watch) }
        watch = nil
        outbox.close()
    }
}
