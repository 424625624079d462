// SPDX-License-Identifier: Apache-2.0
/// The keeper's end of its connection to an acceptor, in the test's hand.
/// Used by ReplayIntakeTests.
/// Invariant: it never blocks, so that the same thread can step the acceptor.

import Control
import LinuxIO
import Testing
import Wire

final class KeeperEnd {
    private let socket: Descriptor
    private let buffer = ByteBuffer(capacity: 65_536, limit: 1 << 20)
    private(set) var frames: [KeeperFrame] = []
    private(set) var isClosed = false

    /// Gives the acceptor the other end, as the supervisor does.
    init(of port: TestPort) throws {
        let pair = try SocketPair.make()
        #expect(port.channel.send(.keeper, passing: pair.theirs.raw) == .sent)
        socket = pair.takeOurs()
        try Descriptor.setNonBlocking(socket.raw)
    }

    func send(_ frames: KeeperFrame...) {
        var bytes: [UInt8] = []
        for frame in frames { frame.append(to: &bytes) }
        #expect(Descriptor.write(socket.raw, bytes.span) == .wrote(bytes.count))
    }

    /// What has come so far, the last of it.
    func heard() -> KeeperFrame? {
        while !isClosed {
            switch buffer.receive(from: socket.raw) {
            case .bytes: continue
            case .closed, .failed, .full: isClosed = true
            case .wouldBlock:
                read()
                return frames.last
            }
        }
        return frames.last
    }

    private func read() {
        let used = buffer.withReadable { bytes in
            var start = 0
            while case .frame(let frame, let next) = KeeperFrame.next(in: bytes, from: start) {
                frames.append(frame)
                start = next
            }
            return start
        }
        buffer.consume(used)
    }
}
