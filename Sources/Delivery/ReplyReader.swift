// SPDX-License-Identifier: Apache-2.0
/// Cuts what a stream service writes to its standard output into replies.
///
/// One per stream process, used by LinesFraming. What it reads was written by a user's program and is trusted in
/// nothing.
/// Invariant: it never keeps more than one line that may still be a reply; of a longer one the rest is skipped and the
/// whole counts as one line of garbage.

import LinuxIO
import Wire

final class ReplyReader {
    private let buffer = ByteBuffer(capacity: 4_096, limit: 65_536)
    private var usual: UsualReply
    private var lastEpoch: UInt32 = 0
    private var isSkipping = false

    init(log: UInt64) { usual = UsualReply(log: log, epoch: 0) }

    /// Most replies will be for messages of this epoch.
    @inline(__always) func expect(epoch: UInt32) {
        guard lastEpoch != epoch else { return }
        lastEpoch = epoch
        usual = UsualReply(log: usual.log, epoch: UInt64(epoch))
    }

    /// - Parameters:
    ///   - most: about so many bytes are read.
    ///   - reply: told of each line, and of the span that a reason's range lies in.
    func read(from raw: CInt, atMost most: Int, _ reply: (ServiceReply, Span<UInt8>) -> Void) -> StreamPause {
        var rest = most
        while rest > 0 {
            switch buffer.receive(from: raw) {
            case .bytes(let count):
                rest -= count
                let wasAll = buffer.hasRoom
                cut(reply)
                // Another call would only say so; what comes meanwhile, and the end, the loop tells.
                if wasAll { return .moreLater }
                if buffer.hasReadAll { return .moreLater }
            case .wouldBlock: return .moreLater
            // `cut` leaves at most a reply's length, so that the buffer is never full.
            case .full, .closed, .failed: return .closed
            }
        }
        return .moreLater
    }

    private func cut(_ reply: (ServiceReply, Span<UInt8>) -> Void) {
        let usual = usual
        let used = buffer.withReadable { bytes in
            var start = 0
            while true {
                if !isSkipping, let (id, next) = usual.read(bytes, at: start) {
                    reply(.delivered(id), bytes)
                    start = next
                    continue
                }
                guard let newline = bytes.first(0x0A, in: start..<bytes.count) else { break }
                if isSkipping {
                    isSkipping = false
                } else if newline > start {
                    let line = bytes.extracting(start..<newline)
                    reply(ServiceReply.parse(line), line)
                }
                start = newline + 1
            }
            guard bytes.count - start > ServiceReply.maximumCount else { return start }
            if !isSkipping { reply(.garbage, bytes.extracting(start..<start)) }
            isSkipping = true
            return bytes.count
        }
        buffer.consume(used)
    }
}
