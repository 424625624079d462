// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Reactor

/// The predecessor's end of a hand-over: sends everything that it has to the successor, and hears whether that was taken.
///
/// Made by Acceptor when it has stopped, asked again and again until it is over. It has a loop of its own, so that nothing
/// that comes for the connections wakes it, and all of them are watched as before if it comes to nothing.
/// Invariant: it only looks at the connections; the successor gets duplicates of their descriptors.
final class HandOver {
    enum Outcome: Equatable {
        case waiting
        /// All of it is the successor's.
        case taken
        /// There is no successor any more, or none that understands: nothing has happened.
        case over
    }

    /// Bytes that are sent at once: more than the kernel takes at once.
    private static let portion = 256 << 10

    let loop: EventLoop
    private let connections: Connections
    private let socket: Descriptor
    private let watch: Watch
    private let subject = Subject(kind: Acceptor.Kind.successor)
    private let output = ByteBuffer(capacity: portion, limit: Int(Int32.max))
    private let answer = ByteBuffer(capacity: 64, limit: 64)
    /// Those that go out with the first byte of `output`.
    private var passing: [CInt] = []
    private var rest: ArraySlice<Connection>
    /// Since when nothing is taken from anybody.
    let moment: UInt64

    init(
        to socket: consuming Descriptor, of connections: Connections, settingsVersion: UInt64
    ) throws(SystemCallError) {
        moment = Clock.monotonic()
        try Descriptor.setNonBlocking(socket.raw)
        loop = try EventLoop(capacity: 8)
        watch = try loop.watch(socket.raw, subject, [.readable, .writable])
        self.socket = socket
        self.connections = connections
        let all = connections.inOrder
        rest = all[...]
        HandOverFrame.frozen(
            FrozenAcceptor(
                connections: UInt32(all.count), settingsVersion: settingsVersion,
                head: connections.intake.producer.published, moment: moment, stalledSince: connections.stalledSince)
        ).append(to: output)
    }

    /// Whether only the successor's word is missing.
    var isSent: Bool { rest.isEmpty && output.isEmpty }

    /// Sends what the successor can take now, and hears it.
    func goOn() throws(SystemCallError) -> Outcome {
        sending: while hasMore() {
            switch output.send(to: socket.raw, passing: passing) {
            case .wrote: passing.removeAll(keepingCapacity: true)
            case .wouldBlock: break sending
            case .closed, .failed: return .over
            }
        }
        let outcome = try hear()
        if outcome == .waiting { try loop.change(watch, output.isEmpty ? .readable : [.readable, .writable]) }
        return outcome
    }

    /// Describes as many as go out at once, once those before are gone.
    private func hasMore() -> Bool {
        guard output.isEmpty else { return true }
        while let connection = rest.first, output.count < Self.portion, passing.count < PassedDescriptors.most {
            rest.removeFirst()
            HandOverFrame.connection(connections.describe(connection)).append(to: output)
            passing.append(connection.raw)
        }
        FaultPoint.reach(output.isEmpty ? .handOverSent : .handOverPortion)
        return !output.isEmpty
    }

    private func hear() throws(SystemCallError) -> Outcome {
        switch answer.receive(from: socket.raw) {
        case .wouldBlock: return .waiting
        case .closed, .full: return .over
        // Whether it was taken is not known then: two that act would be worse than none.
        case .failed(let code): throw SystemCallError(call: "read", code: code)
        case .bytes: break
        }
        return answer.withReadable { bytes in
            switch HandOverFrame.next(in: bytes, limit: bytes.count) {
            case .frame(.taken, _) where isSent: .taken
            case .more: .waiting
            default: .over
            }
        }
    }
}
