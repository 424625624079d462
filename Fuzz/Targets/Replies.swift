// SPDX-License-Identifier: Apache-2.0
/// What services answer, and what is written for them.
///
/// Invariant: the short way for the usual reply reads what the long way reads, and nothing else.

import Wire

/// Frames of a service's socket.
func fuzzServiceFrames(_ bytes: Span<UInt8>) {
    var start = 0
    while case .frame(let kind, let flags, let payload) = ServiceFrame.next(
        in: bytes, from: start, most: ServiceFrame.maximumAnswer)
    {
        require(payload.lowerBound > start && payload.upperBound <= bytes.count, "a frame out of place")
        switch ServiceFrame.answer(kind, in: bytes, payload: payload) {
        case .done(let count):
            for index in 0..<count { _ = ServiceFrame.range(index, in: bytes, payload: payload) }
        case .fail(_, _, let reason):
            require(reason.upperBound <= payload.upperBound, "a reason outside of its frame")
        case .window, .garbage, .unknown: break
        }
        _ = ServiceFrame.delivery(in: bytes, flags: flags, payload: payload)
        _ = ServiceFrame.finish(in: bytes, payload: payload)
        start = payload.upperBound
    }
}

/// Lines of a service's stdout.
func fuzzServiceLines(_ bytes: Span<UInt8>) {
    let usual = UsualReply(log: 0x1234_5678_9ABC_DEF0, epoch: 3)
    if let (id, next) = usual.read(bytes, at: 0) {
        require(next > 0 && next <= bytes.count, "a reply that ends behind its line")
        let line = bytes.extracting(0..<(next - 1))
        require(ServiceReply.parse(line) == .delivered(id), "the two ways to read a reply differ")
    }
    _ = ServiceReply.parse(bytes)
    if let id = MessageID(bytes) {
        var written = [UInt8]()
        id.append(to: &written)
        require(MessageID(written.span) == id, "an id is not read back")
    }
}
