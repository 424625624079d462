// SPDX-License-Identifier: Apache-2.0
/// One end of the channel between two supervisors, of which one takes over from the other.
///
/// Both wait for it in their loops; the successor finds its end under the inherited name "handover". Its end is how each
/// learns that the other has died.
/// Invariant: non-blocking; a packet that is no message is told as `malformed`, never acted on.

internal import LinuxIO

enum HandOverEvent: ~Copyable {
    case message(HandOverMessage)
    /// One that carries a descriptor, and that.
    case passed(HandOverMessage, Descriptor)
    /// A packet of another version, or rubbish, or with a descriptor too many or too few.
    case malformed
    case wouldBlock
    /// The other end is gone.
    case closed
}

struct HandOverChannel: ~Copyable {
    private let channel: SeqPacketChannel
    var raw: CInt { channel.raw }

    init(owning descriptor: consuming Descriptor) { channel = SeqPacketChannel(owning: descriptor) }

    /// - Parameter raw: the descriptor that belongs to the message. It stays the caller's.
    /// - Returns: false if it did not go out: the other end is gone, or does not listen.
    borrowing func send(_ message: HandOverMessage, passing raw: CInt? = nil) -> Bool {
        precondition(message.carriesDescriptor == (raw != nil), "a descriptor too many or too few")
        return channel.send(message.encoded.span, passing: raw ?? -1) == .sent
    }

    /// The next message. Ask until `.wouldBlock`.
    borrowing func receive() -> HandOverEvent {
        // One byte more than any message has: a longer packet must not look like one that fits.
        var buffer = [UInt8](repeating: 0, count: HandOverMessage.maximumCount + 1)
        switch channel.receive(into: &buffer) {
        case .packet(let count, let descriptor):
            guard let message = HandOverMessage(decoding: buffer.span.extracting(0..<count)),
                message.carriesDescriptor == (descriptor != nil)
            else { return .malformed }
            if let descriptor { return .passed(message, descriptor) }
            return .message(message)
        case .wouldBlock: return .wouldBlock
        case .closed: return .closed
        case .failed: return .closed
        }
    }
}
