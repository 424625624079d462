// SPDX-License-Identifier: Apache-2.0
/// One stream socket of the keeper: whole frames in, frames out.
///
/// Used by Keeper for each worker, for the acceptor, and for the supervisor.
/// Invariant: nothing here waits; what is not readable ends the socket, and its other end sends again what was not kept.

import LinuxIO
import Reactor
import Wire

final class KeeperPeer {
    /// Who has the other end.
    enum Side: Equatable {
        case acceptor, worker, supervisor
    }

    /// Bytes of frames that are read ahead of a commit: the next one may be the greatest message.
    private static let ahead = 4 << 20
    private static let limit = Int(Int32.max)

    let side: Side
    private let socket: Descriptor
    private let loop: EventLoop
    private let watch: Watch
    private let input = ByteBuffer(capacity: 65_536, limit: limit)
    private let output = ByteBuffer(capacity: 4_096, limit: limit)
    private(set) var isClosed = false
    /// Nothing is read; what comes is the end of the connection.
    private var isPaused = false

    init(_ side: Side, _ socket: consuming Descriptor, _ loop: EventLoop, _ subject: Subject) throws {
        self.side = side
        try Descriptor.setNonBlocking(socket.raw)
        watch = try loop.watch(socket.raw, subject, .readable)
        self.socket = socket
        self.loop = loop
    }

    deinit { loop.unwatch(watch) }

    /// Bytes that the other end has not taken yet.
    var backlog: Int { output.count }

    /// Leaves what comes where it is, or reads it again from the next round on.
    func pause(_ new: Bool) {
        guard new != isPaused else { return }
        isPaused = new
        listen()
    }

    /// Reads what there is, up to about `ahead` bytes, and gives each whole frame.
    func receive(_ take: (KeeperFrame) -> Void) {
        // The loop has nothing else to tell of one that is not read and takes what it is given.
        if isPaused, output.isEmpty { return isClosed = true }
        var rest = isPaused ? 0 : Self.ahead
        while rest > 0, !isClosed {
            switch input.receive(from: socket.raw) {
            case .bytes(let count): rest -= count
            case .wouldBlock: rest = 0
            case .closed, .failed, .full: isClosed = true
            }
        }
        cut(take)
    }

    private func cut(_ take: (KeeperFrame) -> Void) {
        let used = input.withReadable { bytes in
            var start = 0
            while true {
                switch KeeperFrame.next(in: bytes, from: start) {
                case .frame(let frame, let next):
                    take(frame)
                    start = next
                case .more: return start
                case .unreadable:
                    isClosed = true
                    return start
                }
            }
        }
        input.consume(used)
        input.shrink()
    }

    func send(_ frame: KeeperFrame) {
        var bytes: [UInt8] = []
        frame.append(to: &bytes)
        output.append(bytes)
    }

    /// Writes as far as the other end takes it; the loop tells when it takes more.
    func flush() {
        guard !isClosed else { return }
        switch output.write(to: socket.raw) {
        case .wrote: break
        case .wouldBlock: break
        case .closed, .failed: isClosed = true
        }
        listen()
    }

    private func listen() {
        var interest: Poller.Interest = isPaused ? [] : .readable
        if !output.isEmpty { interest.insert(.writable) }
        try? loop.change(watch, interest)
    }
}
