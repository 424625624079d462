// SPDX-License-Identifier: Apache-2.0
/// What comes by the control socket, between Belfry's own processes, the settings image, and documents that are shown again.
///
/// Invariant: what is read and written again is read the same.

import Control
import Segments
import Settings
import Wire

/// A request, as it comes on the control socket and by telnet; and packets between supervisor and roles, which are as
/// short.
func fuzzControl(_ bytes: Span<UInt8>) {
    fuzzLine(bytes)
    fuzzTelnet(bytes)
    if let message = RoleMessage(decoding: bytes) {
        let written = message.encoded
        require(RoleMessage(decoding: written.span) == message, "a role's message is not read back")
    }
}

private func fuzzLine(_ bytes: Span<UInt8>) {
    guard let line = try? ControlLine(bytes), let request = try? line.request() else { return }
    let written = Array(request.line.utf8)
    let again = try? ControlLine(written.span)
    require(again.flatMap { try? $0.request() } == request, "a request is not read back from its own line")
    require(again?.right == line.right, "a request's own line needs another right")
    let changes = [ControlRequest.drain, .reload(.text), .reload(.json), .restart(.text), .restart(.json)]
    require(line.right == .change || !changes.contains(request), "a change that needs no right")
}

/// However the bytes are cut, the same text comes out, and none of what telnets say to each other.
private func fuzzTelnet(_ bytes: Span<UInt8>) {
    var whole = [UInt8]()
    var stream = TelnetStream()
    stream.take(bytes, to: &whole)
    var pieces = [UInt8]()
    stream = TelnetStream()
    let cut = bytes.isEmpty ? 0 : Int(bytes[0]) % bytes.count
    stream.take(bytes.extracting(0..<cut), to: &pieces)
    stream.take(bytes.extracting(cut..<bytes.count), to: &pieces)
    require(pieces == whole, "two pieces say something else than the whole")
    require(
        whole.count <= bytes.count && !whole.contains(0x0D) && !whole.contains(0), "what is left out has come through")
    for line in whole.split(separator: 0x0A) { fuzzLine(Array(line).span) }
}

/// Frames between keeper, workers, acceptor and supervisor; and the account that the supervisor gives the committer.
func fuzzKeeperFrames(_ bytes: Span<UInt8>) {
    _ = SupervisorAccount(bytes)
    var start = 0
    while case .frame(let frame, let next) = KeeperFrame.next(in: bytes, from: start) {
        require(next > start && next <= bytes.count, "a frame out of place")
        var written = [UInt8]()
        frame.append(to: &written)
        require(
            KeeperFrame.next(in: written.span, from: 0) == .frame(frame, next: written.count),
            "a frame is not read back")
        start = next
    }
}

func fuzzJSON(_ bytes: Span<UInt8>) {
    var copy = [UInt8]()
    bytes.append(bytes.indices, to: &copy)
    var ranges = [Range<Int>]()
    let isObject = JSONScanner.scanObject(bytes) { member in
        ranges.append(member.value)
        require(member.name.upperBound <= member.value.lowerBound, "a member's value before its name")
    }
    for range in ranges { require(range.upperBound <= bytes.count, "a value outside of its document") }
    require((JSONValue(document: copy) != nil) == isObject, "the scanner and the reader differ")
}

/// Names made into topics, and patterns that match them.
func fuzzTopics(_ bytes: Span<UInt8>) {
    var topic = [UInt8]()
    Topic.encode(bytes, into: &topic)
    if !topic.isEmpty, topic.count <= 255, bytes.first(0x2E, in: bytes.indices) == nil {
        require(Topic.isWellFormed(topic.span), "what was encoded is no topic")
    }
    var copy = [UInt8]()
    bytes.append(bytes.indices, to: &copy)
    let text = String(decoding: copy, as: UTF8.self)
    guard let pattern = try? TopicPattern(text) else { return }
    let router = Router([Router.Entry(slot: 5, patterns: [pattern])])
    let mask = router.route(bytes)
    require(mask & ~(1 << 5) == 0, "a slot that nobody has")
    if Topic.isWellFormed(bytes), !Topic.isReserved(bytes) {
        require(mask == 1 << 5, "a topic does not match itself")
    }
    if Topic.isReserved(bytes), text.hasPrefix("belfry") { require(mask == 0, "a pattern matches belfry.") }
}

/// An image with its checksum mended, so that the fields behind it are reached.
func fuzzSettingsImage(_ bytes: Span<UInt8>) {
    _ = try? SettingsImage.decode(bytes)
    let frame = SettingsImage.encode(Settings())
    var image = Array(frame[0..<8])
    var body = [UInt8]()
    bytes.append(bytes.indices, to: &body)
    for value in [UInt32(16 + body.count), Checksum.crc32c(body.span)] {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { image.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    image += body
    guard let settings = try? SettingsImage.decode(image.span) else { return }
    let written = SettingsImage.encode(settings)
    require((try? SettingsImage.decode(written.span)) == settings, "an image is not read back")
}
