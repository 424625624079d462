// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import Reactor
import Ring
package import Wire

/// One TCP connection: its descriptor, what it speaks, the unread bytes it holds, and the answers it was not yet given.
///
/// Connections owns all of them and does their reading and writing; the sessions parse what they hold.
/// Invariant: `input` and `output` are nil while there is nothing in them, so a connection at rest holds no buffer.
package final class Connection {
    // What both hold of a connection goes to a successor by these numbers: none ever changes its meaning.
    package enum Phase: UInt8, Sendable {
        case open
        /// The peer has sent all that it will: answers still go out, then it is closed.
        case finishing
        /// Refused: what comes is thrown away, so that the peer can read the reason before the connection is reset.
        case lingering
        case closed
    }

    /// Why an open connection is not read just now.
    package enum Pause: UInt8, Sendable {
        case none
        /// The ring is full; its next message stays in `input`.
        case space
        /// It does not read its answers.
        case answers
    }

    /// Its place in ConnectionTable, which is what events and timers name.
    package let place: Int
    package let raw: CInt
    private var descriptor: Descriptor?
    package var origin: Origin

    package var phase = Phase.open
    package var pause = Pause.none
    package var stream = StreamProtocol.undecided
    package var lines: LineFramer
    package var counted: OctetCountFramer
    package var native = NativeSession()
    package var input: ByteBuffer?
    package var output: ByteBuffer?
    /// How many of the first bytes in `output` may go out: what they speak of is committed.
    package var firm = 0
    /// Until the log is committed up to this sequence, nothing goes out but those; then all up to this byte of `output` does.
    package var hold: (until: UInt64, upTo: Int)?

    /// The peer has closed its direction.
    package var ended = false
    package var hasSpoken = false
    package var clock: ConnectionClock
    /// nil while it is paused for good reason: then nothing of it, not even its end, wakes the loop.
    package var watch: Watch?
    package var interest: Poller.Interest = []
    package var timer: Timer?
    /// Whether it stands among those that wait for space.
    package var isQueued = false
    /// Whether it waits for the end of the round.
    package var isTouched = false

    package init(
        place: Int, descriptor: consuming Descriptor, peer: SocketAddress?, maxMessage: Int, now: UInt64
    ) {
        self.place = place
        raw = descriptor.raw
        self.descriptor = consume descriptor
        origin = Origin(peer)
        lines = LineFramer(limit: maxMessage)
        counted = OctetCountFramer(limit: maxMessage)
        clock = ConnectionClock(openedAt: now)
    }

    package var unread: Int { input?.count ?? 0 }
    package var unsent: Int { output?.count ?? 0 }
    /// Whether it was told everything that it is to be told.
    package var isAnswered: Bool { unsent == 0 && hold == nil }
    /// Whether its end, or an answer, has to wait for the commit of what was published so far.
    package var awaitsCommit: Bool { unsent > firm || phase == .finishing || phase == .lingering }

    /// When it is to be looked at, if nothing happens before.
    package func deadline(_ limits: ConnectionLimits) -> UInt64 {
        switch phase {
        case .finishing, .lingering: return clock.closeBy
        case .closed: return .max
        case .open: break
        }
        if pause == .space { return .max }
        return clock.deadline(
            hasSpoken: hasSpoken, isUndecided: stream == .undecided, hasBegunFrame: pause == .none && unread > 0, limits
        )
    }

    /// Gives the descriptor back to the kernel.
    package func close() {
        descriptor = nil
        phase = .closed
    }
}
