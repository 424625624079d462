// SPDX-License-Identifier: Apache-2.0
/// What strangers send to the port: datagrams, streams in pieces, native frames.
///
/// Invariant: beyond not crashing, a target holds each decoder to what it promises in its own words.

import Wire

/// One datagram: whatever is taken for a message has a topic, and a decoded member of one line.
func fuzzDatagram(_ bytes: Span<UInt8>) {
    var message = DecodedMessage()
    check(decodeDatagram(bytes, into: &message), message, of: bytes)
}

private func check(_ content: DecodedContent, _ message: DecodedMessage, of bytes: Span<UInt8>) {
    guard content == .message else { return }
    require(Topic.isWellFormed(message.topic.span), "a topic that is none")
    require(message.decoded.span.first(0x0A, in: message.decoded.indices) == nil, "a decoded member of two lines")
    if message.isUnescaped { return }
    require(message.body.lowerBound >= 0 && message.body.upperBound <= bytes.count, "a body outside of the datagram")
}

/// A connection's bytes in two pieces, cut where the first byte says: the frames are those of the whole.
func fuzzStream(_ bytes: Span<UInt8>) {
    guard bytes.count > 1 else { return }
    let stream = bytes.extracting(1..<bytes.count)
    let cut = min(Int(bytes[0]), stream.count)
    require(Sniffer.classify(stream, ended: true) != .undecided, "undecided at the end")
    let early = Sniffer.classify(stream.extracting(0..<cut), ended: false)
    if early != .undecided {
        require(early == Sniffer.classify(stream, ended: true), "more bytes changed what a connection speaks")
    }
    let octets = OctetCountFramer(limit: 64)
    require(
        frames(stream, cut: stream.count, LineFramer(limit: 64)) { $0.next(in: $1, from: $2, ended: $3) }
            == frames(stream, cut: cut, LineFramer(limit: 64)) { $0.next(in: $1, from: $2, ended: $3) },
        "lines depend on how they come")
    require(
        frames(stream, cut: stream.count, octets) { $0.next(in: $1, from: $2, ended: $3) }
            == frames(stream, cut: cut, octets) { $0.next(in: $1, from: $2, ended: $3) },
        "counted messages depend on how they come")
}

private func frames<Framer>(
    _ stream: Span<UInt8>, cut: Int, _ first: Framer,
    _ next: (inout Framer, Span<UInt8>, Int, Bool) -> FramerStep
) -> [Range<Int>] {
    var (framer, start, message, found) = (first, 0, DecodedMessage(), [Range<Int>]())
    for end in [cut, stream.count] {
        let bytes = stream.extracting(0..<end)
        walk: while true {
            switch next(&framer, bytes, start, end == stream.count) {
            case .frame(let range, let after):
                require(range.lowerBound >= start && range.upperBound <= after && after <= end, "a frame out of place")
                found.append(range)
                start = after
                for speaking in StreamProtocol.allCases {
                    let frame = bytes.extracting(range)
                    check(decodeFrame(frame, speaking: speaking, into: &message), message, of: frame)
                }
            case .more(let from):
                require(from >= start && from <= end, "a framer went back")
                start = from
                break walk
            // What is too long is refused as soon as that is seen: by either way, but not at the same frame's end.
            case .refused: return found
            }
            if start == stream.count { break }
        }
    }
    return found
}

/// Native frames: what is whole lies inside of what there is, and what is appended again is the same.
func fuzzNative(_ bytes: Span<UInt8>) {
    _ = NativeFrame.isWhole(bytes)
    var start = 0
    while case .frame(let header, let payload, let next) = NativeFrame.next(
        in: bytes, from: start, ended: true, maxMessage: 1 << 16)
    {
        require(payload.upperBound <= next && next <= bytes.count && next > start, "a frame out of place")
        look(header, bytes, payload)
        start = next
    }
}

private func look(_ header: NativeFrame.Header, _ bytes: Span<UInt8>, _ payload: Range<Int>) {
    _ = NativeFrame.hello(in: bytes, payload: payload)
    _ = NativeFrame.welcome(in: bytes, payload: payload)
    _ = NativeFrame.ack(in: bytes, payload: payload)
    _ = NativeFrame.fault(in: bytes, payload: payload)
    guard let publish = NativeFrame.publish(in: bytes, payload: payload) else { return }
    let topic = bytes.extracting(publish.topic)
    require(publish.body.upperBound <= payload.upperBound, "a body outside of its frame")
    if Topic.check(topic) == nil { require(Topic.isWellFormed(topic), "a topic that is none was let through") }
}
