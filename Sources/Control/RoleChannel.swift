// SPDX-License-Identifier: Apache-2.0
/// One end of the channel between the supervisor and a role.
///
/// The supervisor keeps one for each role; the role finds its own under the inherited name "channel". Both wait for it
/// in their event loop. Its end is how a role learns that the supervisor died: it then exits at once.
/// Invariant: non-blocking; a packet that is no message of this version is told as `malformed`, never acted on.

package import LinuxIO

package enum RoleEvent: ~Copyable {
    case message(RoleMessage)
    /// One that carries a descriptor, and that.
    case passed(RoleMessage, Descriptor)
    /// A packet of another version, or rubbish, or with a descriptor too many or too few.
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

    /// For a message that carries no descriptor.
    package borrowing func send(_ message: RoleMessage) -> SendResult {
        precondition(!message.carriesDescriptor, "a descriptor belongs to this message")
        return channel.send(message.encoded.span)
    }

    /// For a message that carries one. It stays the caller's: the other end gets a duplicate.
    package borrowing func send(_ message: RoleMessage, passing raw: CInt) -> SendResult {
        precondition(message.carriesDescriptor, "no descriptor belongs to this message")
        return channel.send(message.encoded.span, passing: raw)
    }

    /// The next message. Ask until `.wouldBlock`.
    package borrowing func receive() -> RoleEvent {
        // One byte more than any message has: a longer packet must not look like one that fits.
        var buffer = [UInt8](repeating: 0, count: RoleMessage.maximumCount + 1)
        switch channel.receive(into: &buffer) {
        case .packet(let count, let descriptor):
            guard let message = RoleMessage(decoding: buffer.span.extracting(0..<count)),
                message.carriesDescriptor == (descriptor != nil)
            else { return .malformed }
            if let descriptor { return .passed(message, descriptor) }
            return .message(message)
        case .wouldBlock: return .wouldBlock
        case .closed: return .closed
        case .failed(let code): return .failed(code)
        }
    }
}
