// SPDX-License-Identifier: Apache-2.0
/// A worker's way to the keeper: dead letters that go out, and what is on the disk there.
///
/// One per worker, in its context. Shards give it letters; WorkerRole brings it the socket that the supervisor made.
/// Invariant: a letter's record gets its outcome only when the keeper has said that the letter is kept; until then the letter
/// is here, or its shard is another worker's, which delivers it once more.

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

    /// Bytes that wait for the socket.
    private static let backlog = 1 << 20

    private let loop: EventLoop
    private var socket: Descriptor?
    private var watch: Watch?
    private let output = ByteBuffer(capacity: 4_096, limit: Int(Int32.max))
    private let input = ByteBuffer(capacity: 4_096, limit: 65_536)
    /// In the order in which they died; the first `sent` have gone out under the numbers from `first` on.
    private var letters: [Letter] = []
    private var sent = 0
    private var first: UInt64 = 1
    /// The supervisor has been asked for a keeper.
    private var hasAsked = false

    init(loop: EventLoop) { self.loop = loop }

    var count: Int { letters.count }

    /// Whether the supervisor has still to be asked for a keeper.
    var isUnheard: Bool { !letters.isEmpty && socket == nil && !hasAsked }

    /// The same, once.
    func needsKeeper() -> Bool {
        guard isUnheard else { return false }
        hasAsked = true
        return true
    }

    func add(_ letter: Letter) { letters.append(letter) }

    /// The shard is let go: its letters are its next holder's.
    func forget(_ shard: Shard) {
        // Those that went out keep their numbers; a KEPT for them finds nothing to be settled.
        guard letters.contains(where: { $0.shard === shard }) else { return }
        let kept = letters.enumerated().filter { $0.offset < sent || $0.element.shard !== shard }
        letters = kept.map(\.element)
    }

    /// There is a keeper, or another one: what it did not say is kept goes to it again.
    func adopt(_ descriptor: consuming Descriptor) {
        close()
        hasAsked = false
        guard (try? Descriptor.setNonBlocking(descriptor.raw)) != nil,
            let watch = try? loop.watch(descriptor.raw, Token(.keeper).subject, .readable)
        else { return }
        self.watch = watch
        socket = consume descriptor
        (sent, first) = (0, 1)
    }

    /// Sends what can be sent.
    /// - Parameter encode: makes a letter's frame; false if its record can't be read, or is not to be kept any more.
    func work(_ encode: (Letter, _ number: UInt64, inout [UInt8]) -> Bool) {
        guard socket != nil, sent < letters.count || !output.isEmpty else { return }
        while sent < letters.count, output.count < Self.backlog {
            var frame: [UInt8] = []
            if encode(letters[sent], first &+ UInt64(sent), &frame) {
                output.append(frame)
                sent += 1
            } else {
                letters.remove(at: sent)
            }
        }
        flush()
    }

    /// The keeper has said something, or takes more.
    /// - Parameter settle: called for each letter that is kept.
    func handle(_ settle: (Letter) -> Void) {
        guard let raw = socket?.raw else { return }
        var isOpen = true
        reading: while true {
            switch input.receive(from: raw) {
            case .bytes: isOpen = take(settle)
            case .wouldBlock: break reading
            case .closed, .failed, .full: isOpen = false
            }
            guard isOpen else { break }
        }
        if isOpen { flush() } else { close() }
    }

    /// - Returns: false if what came is no frame.
    private func take(_ settle: (Letter) -> Void) -> Bool {
        var kept: [UInt64] = []
        var isReadable = true
        let used = input.withReadable { bytes in
            var start = 0
            while true {
                switch KeeperFrame.next(in: bytes, from: start) {
                case .frame(let frame, let next):
                    if case .kept(let number) = frame { kept.append(number) }
                    start = next
                case .more: return start
                case .unreadable:
                    isReadable = false
                    return start
                }
            }
        }
        input.consume(used)
        for number in kept { self.settle(upTo: number, settle) }
        return isReadable
    }

    private func settle(upTo number: UInt64, _ settle: (Letter) -> Void) {
        guard number >= first else { return }
        let count = min(sent, Int(clamping: number - first + 1))
        for letter in letters[..<count] { settle(letter) }
        letters.removeFirst(count)
        sent -= count
        first += UInt64(count)
    }

    private func flush() {
        guard let raw = socket?.raw, let watch else { return }
        switch output.write(to: raw) {
        case .wrote, .wouldBlock:
            try? loop.change(watch, output.isEmpty ? .readable : [.readable, .writable])
        case .closed, .failed: close()
        }
    }

    private func close() {
        if let watch { loop.unwatch(watch) }
        watch = nil
        socket = nil
        input.consume(input.count)
        output.consume(output.count)
        sent = 0
    }
}
