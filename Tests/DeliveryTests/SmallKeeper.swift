// SPDX-License-Identifier: Apache-2.0
/// A keeper in this very process: remembers the letters that workers send, and says that they are kept, or does not.
///
/// Held by Bench, served between the workers' steps.
/// Invariant: it says KEPT only behind having remembered, and only while `keeps`.

import LinuxIO
import Wire

@testable import Delivery

final class SmallKeeper {
    private(set) var letters: [(message: KeptMessage, failings: Failings)] = []
    var keeps = true
    private var sockets: [Socket] = []

    private final class Socket {
        let descriptor: Descriptor
        let input = ByteBuffer(capacity: 4_096, limit: 64 << 20)
        /// The last number that came, and the last that was answered.
        var number: UInt64 = 0
        var kept: UInt64 = 0

        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    /// Gives the worker a socket if it asks for a keeper.
    func join(_ worker: Worker) throws {
        guard worker.needsKeeper() else { return }
        let pair = try SocketPair.make()
        try worker.adopt(keeper: pair.theirs.duplicate())
        sockets.append(Socket(pair.takeOurs()))
    }

    /// Dies, as far as the workers can tell.
    func hangUp() { sockets.removeAll() }

    func serve() throws {
        for socket in sockets {
            while case .bytes = socket.input.receive(from: socket.descriptor.raw) {}
            try take(from: socket)
            guard keeps, socket.kept < socket.number else { continue }
            var answer: [UInt8] = []
            KeeperFrame.kept(socket.number).append(to: &answer)
            _ = Descriptor.write(socket.descriptor.raw, answer.span)
            socket.kept = socket.number
        }
    }

    private func take(from socket: Socket) throws {
        let used = socket.input.withReadable { bytes in
            var start = 0
            while case .frame(let frame, let next) = KeeperFrame.next(in: bytes, from: start) {
                if case .letter(let number, let message, let failings) = frame {
                    letters.append((message, failings))
                    socket.number = number
                }
                start = next
            }
            return start
        }
        socket.input.consume(used)
    }
}
