// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
import Reactor

/// The successor's end of a hand-over: hears that the predecessor stands still, and then takes its connections one by one.
///
/// Made by AcceptorRole before it has a producer, as that is made only behind `begin`; then Acceptor takes from it.
/// Invariant: until `sayTaken` the predecessor can go on as if nothing had been; what came and was not taken is closed.
package final class TakeOver {
    private enum Kind {
        static let predecessor: UInt8 = 1
        static let supervisor: UInt8 = 2
    }

    private let loop: EventLoop
    private let socket: Descriptor
    private let input = ByteBuffer(capacity: 256 << 10, limit: Int(Int32.max))
    private let passed = PassedDescriptors()
    /// The predecessor, as it told itself; nil before it does.
    package private(set) var predecessor: FrozenAcceptor?
    /// How many of its connections are still to come.
    private var missing: UInt32 = 0

    /// - Parameter channel: to the supervisor, whose end is noticed; what that says is left for later.
    package init(_ socket: consuming Descriptor, channel: CInt) throws(SystemCallError) {
        try Descriptor.setNonBlocking(socket.raw)
        loop = try EventLoop(capacity: 8)
        _ = try loop.watch(socket.raw, Subject(kind: Kind.predecessor), .readable)
        _ = try loop.watch(channel, Subject(kind: Kind.supervisor), [])
        self.socket = socket
    }

    /// Waits for the predecessor, `limit` at most.
    package func wait(until limit: UInt64? = nil) throws {
        try loop.wait(until: limit)
        while let event = loop.nextEvent() {
            if event.subject.kind == Kind.supervisor { throw HandOverError.orphaned }
        }
    }

    /// Whether the predecessor stands still, so that the role of the producer may pass.
    package func begin() throws -> Bool {
        if predecessor != nil { return true }
        // More than it has in any version.
        switch try next(limit: 1 << 10) {
        case nil: return false
        case .frozen(let frozen):
            guard frozen.version == HandOverFrame.version else { throw HandOverError.otherVersion(frozen.version) }
            predecessor = frozen
            missing = frozen.connections
            return true
        default: throw HandOverError.malformed("it does not begin as it must")
        }
    }

    /// Gives each connection that has come to `take`.
    /// - Parameter limit: bytes that one may have in all.
    /// - Returns: whether that were all.
    func connections(limit: Int, _ take: (consuming Descriptor, HandedConnection) throws -> Void) throws -> Bool {
        while missing > 0 {
            switch try next(limit: limit) {
            case nil: return false
            case .connection(let handed):
                guard let descriptor = passed.take() else { throw HandOverError.malformed("a socket is missing") }
                try take(descriptor, handed)
                missing -= 1
                FaultPoint.reach(.takeOverConnection)
            default: throw HandOverError.malformed("something else than a connection")
            }
        }
        guard input.isEmpty, passed.isEmpty else { throw HandOverError.malformed("more than it has told of") }
        return true
    }

    /// From here on everything is ours. A predecessor that is gone meanwhile changes nothing in it.
    func sayTaken() {
        let bytes = ByteBuffer(capacity: 8, limit: 8)
        HandOverFrame.taken.append(to: bytes)
        _ = bytes.send(to: socket.raw)
    }

    /// The next frame; nil if it has not come yet.
    private func next(limit: Int) throws -> HandOverFrame? {
        while true {
            switch input.withReadable({ HandOverFrame.next(in: $0, limit: limit) }) {
            case .frame(let frame, let count):
                input.consume(count)
                return frame
            case .unreadable: throw HandOverError.malformed("something that is no frame")
            case .more: break
            }
            switch input.receive(from: socket.raw, adding: passed) {
            case .bytes: continue
            case .wouldBlock: return nil
            case .closed: throw HandOverError.ended
            case .full: throw HandOverError.malformed("a frame without an end")
            case .failed(let code):
                let error = SystemCallError(call: "recvmsg", code: code)
                if error.isOutOfDescriptors { throw HandOverError.noDescriptor }
                throw error
            }
        }
    }
}
