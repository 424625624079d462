// SPDX-License-Identifier: Apache-2.0
/// One client of the control socket or of telnet: its unfinished line, the answer that it has not read yet, and who it is.
///
/// Held by ControlServer. It splits lines and keeps bounds; what a request means is decided by the server's user.
/// Invariant: memory stays bounded: a line by ControlRequest, the answers by not reading on while one is unsent; and
/// a client that sends many requests at once takes turns with the others.

internal import Control
internal import LinuxIO
internal import Reactor

final class ControlSession {
    /// Requests answered before others have their turn.
    static let turn = 16

    typealias Answer = (Span<UInt8>, ControlAsker) -> ControlAnswer

    let descriptor: Descriptor
    private(set) var asker: ControlAsker
    let watch: Watch
    /// When it last sent something, monotonic nanoseconds.
    private(set) var lastHeard: UInt64
    /// Its answer comes later.
    private(set) var isWaiting = false
    /// It was given a descriptor, and stays connected to see our end: its silence means nothing.
    private(set) var looksOn = false
    private let input = ByteBuffer(capacity: 512, limit: ControlRequest.maximumCount + 2)
    private let output = ByteBuffer(capacity: 4096, limit: 16 << 20)
    /// Goes out with the next byte.
    private var passing: Descriptor?
    private var isEnding = false
    /// nil: not by telnet.
    private var telnet: TelnetStream?

    /// Answers that it has not read yet.
    var hasUnsent: Bool { !output.isEmpty }

    init(_ descriptor: consuming Descriptor, _ asker: ControlAsker, _ watch: Watch, at now: UInt64) {
        self.descriptor = descriptor
        self.asker = asker
        self.watch = watch
        lastHeard = now
        if asker.peer.isTelnet { telnet = TelnetStream() }
    }

    /// Says to somebody at a terminal whose turn it is.
    func begin() {
        guard telnet != nil else { return }
        append(Array("belfryd; help tells what can be asked\n".utf8))
        prompt()
    }

    enum Step {
        /// Wait for this.
        case wait(Poller.Interest)
        case close
    }

    /// Reads and answers as far as that goes without waiting, and without keeping others waiting.
    func proceed(at now: UInt64, _ answer: Answer) -> Step {
        if isWaiting { return goOnTelling() }
        var left = Self.turn
        while true {
            switch write() {
            case .wrote: break
            case .wouldBlock: return .wait(.writable)
            case .closed, .failed: return .close
            }
            guard output.isEmpty else { return .wait(.writable) }
            output.shrink()
            if isEnding { return .close }
            // It can be written to, so this comes back at once, behind the others.
            guard left > 0 else { return .wait(.writable) }
            if takeLine(answer) {
                left -= 1
                if isWaiting { return .wait([]) }
                continue
            }
            switch receive() {
            case .bytes: lastHeard = now
            case .wouldBlock: return .wait(.readable)
            case .closed, .failed: return .close
            case .full: refuseEndless(answer)
            }
        }
    }

    /// While an answer is due nothing else is waited for than that what was told of it can be written.
    private func goOnTelling() -> Step {
        // There was nothing to write: what came is the end of the connection.
        guard !output.isEmpty, !isEnding else { return .close }
        switch write() {
        case .wrote: return .wait(output.isEmpty ? [] : .writable)
        case .wouldBlock: return .wait(.writable)
        case .closed, .failed: return .close
        }
    }

    /// A line of the answer that is to come later. The client's next request still waits.
    func tell(_ line: [UInt8]) { append(line) }

    /// The answer that was to come later.
    func take(late reply: ControlAnswer) {
        isWaiting = false
        take(reply)
    }

    private func receive() -> ReadResult {
        guard telnet != nil else { return input.receive(from: descriptor.raw) }
        guard input.count <= ControlRequest.maximumCount else { return .full }
        let raw = ByteBuffer(capacity: 512, limit: 512)
        let result = raw.receive(from: descriptor.raw)
        guard case .bytes = result else { return result }
        var bytes: [UInt8] = []
        raw.withReadable { telnet?.take($0, to: &bytes) }
        return input.append(bytes) ? result : .full
    }

    private func write() -> WriteResult {
        guard let raw = passing?.raw else { return output.write(to: descriptor.raw) }
        let result = output.withReadable { Sockets.send($0, to: descriptor.raw, passing: raw) }
        if case .wrote(let count) = result {
            output.consume(count)
            passing = nil
        }
        return result
    }

    /// Answers the first whole line, if there is one.
    private func takeLine(_ answer: Answer) -> Bool {
        let (reply, used) = input.withReadable { bytes -> (ControlAnswer, Int) in
            var end = 0
            while end < bytes.count, bytes[end] != 0x0A { end += 1 }
            guard end < bytes.count else { return (.later, 0) }
            return (answer(bytes.extracting(0..<end), asker), end + 1)
        }
        guard used > 0 else { return false }
        input.consume(used)
        take(reply)
        return true
    }

    private func take(_ reply: ControlAnswer) {
        switch reply {
        case .now(let bytes): append(bytes)
        case .last(let bytes):
            append(bytes)
            isEnding = true
        case .withDescriptor(let bytes, let raw):
            passing = try? Descriptor.duplicate(raw)
            // Without the descriptor the words would be wrong.
            if passing == nil { isEnding = true } else { append(bytes) }
            looksOn = true
        case .unlocked(let bytes):
            asker.unlock()
            append(TelnetStream.showsTyping + bytes)
        case .later: isWaiting = true
        }
        if !isWaiting { prompt() }
    }

    private func prompt() {
        guard telnet != nil, !isEnding else { return }
        append(asker.isLocked ? TelnetStream.hidesTyping + Array("token: ".utf8) : Array("belfry> ".utf8))
    }

    private func append(_ reply: [UInt8]) {
        // An answer larger than the limit would be a fault of ours; the client sees the end instead of a wait.
        if !output.append(telnet == nil ? reply : TelnetStream.lines(reply)) { isEnding = true }
    }

    /// More than a line may hold, and no end to it: the rest can't be told from the next request.
    private func refuseEndless(_ answer: Answer) {
        if case .now(let reply) = input.withReadable({ answer($0, asker) }) { append(reply) }
        isEnding = true
    }
}
