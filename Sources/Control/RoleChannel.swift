// SPDX-License-Identifier: Apache-2.0
/// One end of the channel between the supervisor and a role.
///
/// The supervisor keeps one for each role; the role finds its own under the inherited name "channel". Both wait for it
/// in their event loop. Its end is how a role learns that the supervisor died: it then exits at once.
/// Invariant: non-blocking; a packet that is no message of this version is told as `malformed`, never acted on.

package import LinuxIO

package enum RoleEvent: Equatable, Sendable {
    case message(RoleMessage)
    /// A packet of another version, or rubbish.
    case malformed
    case wouldBlock
    /// The other end is gone.
    case closed
    case failed(CInt)
}

package struct RoleChannel: ~Copyable {
    private let channel: SeqPacketChannel
    package var raw: CInt { channel.raw }

    package init(_ channel: consuming SeqPacketChannel) { self.channel = channel }

    package init(owning descriptor: consuming Descriptor) { channel = SeqPacketChannel(owning: descriptor) }

    package borrowing func send(_ message: RoleMessage) -> SendResult {
        channel.send(message.encoded.span)
    }

    /// The next message. Ask until `.wouldBlock`.
    package borrowing func receive() -> RoleEvent {
        // One byte more than any message has: a longer packet must not look like one that fits.
        var buffer = [UInt8](repeating: 0, count: RoleMessage.maximumCount + 1)
        switch channel.receive(into: &buffer) {
        case .packet(let count, _):
            guard let message = RoleMessage(decoding: buffer.span.extracting(0..<count)) else { return .malformed }
            return .message(message)
        case .wouldBlock: return .wouldBlock
        case .closed: return .closed
        case .failed(let code): return .failed(code)
        }
    }
}
