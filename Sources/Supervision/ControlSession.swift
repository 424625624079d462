// SPDX-License-Identifier: Apache-2.0
/// One client of the control socket: its unfinished line, the answer that it has not read yet, and who it is.
///
/// Held by ControlServer. It splits lines and keeps bounds; what a request means is decided by the server's user.
/// Invariant: memory stays bounded: a line by ControlRequest, the answers by not reading on while one is unsent.

internal import Control
internal import LinuxIO
internal import Reactor

final class ControlSession {
    let descriptor: Descriptor
    let credentials: PeerCredentials
    let watch: Watch
    /// When it last sent something, monotonic nanoseconds.
    private(set) var lastHeard: UInt64
    private let input = ByteBuffer(capacity: 512, limit: ControlRequest.maximumCount + 2)
    private let output = ByteBuffer(capacity: 4096, limit: 16 << 20)
    private var isEnding = false

    init(_ descriptor: consuming Descriptor, _ credentials: PeerCredentials, _ watch: Watch, at now: UInt64) {
        self.descriptor = descriptor
        self.credentials = credentials
        self.watch = watch
        lastHeard = now
    }

    enum Step {
        /// Wait for this.
        case wait(Poller.Interest)
        case close
    }

    /// Reads and answers as far as that goes without waiting.
    func proceed(at now: UInt64, _ answer: (Span<UInt8>, PeerCredentials) -> [UInt8]) -> Step {
        while true {
            switch output.write(to: descriptor.raw) {
            case .wrote: break
            case .wouldBlock: return .wait(.writable)
            case .closed, .failed: return .close
            }
            guard output.isEmpty else { return .wait(.writable) }
            output.shrink()
            if isEnding { return .close }
            if takeLine(answer) { continue }
            switch input.receive(from: descriptor.raw) {
            case .bytes: lastHeard = now
            case .wouldBlock: return .wait(.readable)
            case .closed, .failed: return .close
            case .full: refuseEndless(answer)
            }
        }
    }

    /// Answers the first whole line, if there is one.
    private func takeLine(_ answer: (Span<UInt8>, PeerCredentials) -> [UInt8]) -> Bool {
        let (reply, used) = input.withReadable { bytes -> ([UInt8], Int) in
            var end = 0
            while end < bytes.count, bytes[end] != 0x0A { end += 1 }
            guard end < bytes.count else { return ([], 0) }
            return (answer(bytes.extracting(0..<end), credentials), end + 1)
        }
        guard used > 0 else { return false }
        input.consume(used)
        // An answer larger than the limit would be a fault of ours; the client sees the end instead of a wait.
        if !output.append(reply) { isEnding = true }
        return true
    }

    /// More than a line may hold, and no end to it: the rest can't be told from the next request.
    private func refuseEndless(_ answer: (Span<UInt8>, PeerCredentials) -> [UInt8]) {
        output.append(input.withReadable { answer($0, credentials) })
        isEnding = true
    }
}
