// SPDX-License-Identifier: Apache-2.0
/// What comes by the control socket, the settings image, and documents that are shown again.
///
/// Invariant: what is read and written again is read the same.

import Control
import Settings
import Wire

/// A request; and packets between supervisor and roles, which are as short.
func fuzzControl(_ bytes: Span<UInt8>) {
    _ = try? ControlRequest.parse(bytes)
    if let message = RoleMessage(decoding: bytes) {
        let written = message.encoded
        require(RoleMessage(decoding: written.span) == message, "a role's message is not read back")
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
