// SPDX-License-Identifier: Apache-2.0
/// A notification on one line for people: local time, topic, source, body.
///
/// Used by `belfry tail` unless it prints JSON.
/// Invariant: exactly one line each; nothing that a sender wrote reaches the terminal but as VisibleText; on a terminal
/// a line is as wide as that at most, if its topic leaves the room.

internal import LinuxIO
internal import Ring
internal import Wire

struct TailText {
    /// Of the terminal; nil: nothing is cut or aligned.
    var columns: Int?
    /// The local date, of which the reader needs no telling.
    var today = ""
    private let isColoured: Bool
    private var topicColumns = 0
    private var sourceColumns = 0
    private var second = UInt64.max
    private var time = LocalTime(0)

    /// A body gets so much, even if the line then is too long.
    private static let leastBody = 20
    /// Beyond this no column is widened for the sake of one long word.
    private static let widestTopic = 28
    private static let widestSource = 21
    private static let binaryShown = 32

    init(columns: Int?, isColoured: Bool) {
        self.columns = columns
        self.isColoured = isColoured
    }

    mutating func append(_ record: RecordHeader, _ payload: Span<UInt8>, to out: inout [UInt8]) {
        let clock = clock(record.time)
        put(clock, "\u{1B}[2m", to: &out)
        var used = clock.utf8.count + 4
        used += word(payload.extracting(record.topic), "\u{1B}[36m", &topicColumns, Self.widestTopic, to: &out)
        used += word(payload.extracting(record.source), "\u{1B}[2m", &sourceColumns, Self.widestSource, to: &out)
        out.append(contentsOf: "  ".utf8)
        let room = columns.map { max($0 - used - 2, Self.leastBody) }
        append(body: payload.extracting(record.body), within: room, to: &out)
        out.append(0x0A)
    }

    /// "12:34:56.789", with the date before it if that is not today's.
    private mutating func clock(_ nanoseconds: UInt64) -> String {
        if nanoseconds / 1_000_000_000 != second {
            second = nanoseconds / 1_000_000_000
            time = LocalTime(nanoseconds)
        }
        let milliseconds = String(1000 + nanoseconds / 1_000_000 % 1000).dropFirst()
        return (time.date == today ? "" : time.date + " ") + time.clock + "." + milliseconds
    }

    /// Two blanks before it are counted by the caller.
    /// - Returns: the columns that it takes.
    private func word(
        _ bytes: Span<UInt8>, _ colour: String, _ width: inout Int, _ widest: Int, to out: inout [UInt8]
    ) -> Int {
        let text = String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        let count = VisibleText.width(of: text)
        out.append(contentsOf: "  ".utf8)
        if isColoured { out.append(contentsOf: colour.utf8) }
        VisibleText(columns: nil, isColoured: false).append(Array(text.utf8).span, to: &out)
        if isColoured { out.append(contentsOf: "\u{1B}[0m".utf8) }
        guard columns != nil else { return count }
        width = max(width, min(count, widest))
        for _ in 0..<max(0, width - count) { out.append(0x20) }
        return max(count, width)
    }

    private func append(body: Span<UInt8>, within room: Int?, to out: inout [UInt8]) {
        if body.isEmpty { return put("[empty]", "\u{1B}[2m", to: &out) }
        if Self.isBinary(body) {
            let label = "[binary, \(body.count) \(body.count == 1 ? "byte" : "bytes")] "
            put(label, "\u{1B}[2m", to: &out)
            let digits = Array(Self.hexadecimal(body).utf8)
            VisibleText(columns: room.map { max(1, $0 - label.utf8.count) }, isColoured: isColoured)
                .append(digits.span, to: &out)
        } else {
            VisibleText(columns: room, isColoured: isColoured)
                .append(body.extracting(0..<Self.countWithoutLineEnd(body)), to: &out)
        }
    }

    private func put(_ text: String, _ colour: String, to out: inout [UInt8]) {
        if isColoured { out.append(contentsOf: colour.utf8) }
        out.append(contentsOf: text.utf8)
        if isColoured { out.append(contentsOf: "\u{1B}[0m".utf8) }
    }

    /// A line end at the end says nothing to people; most that send datagrams with `nc` have one.
    private static func countWithoutLineEnd(_ body: Span<UInt8>) -> Int {
        var count = body.count
        if count > 1, body[count - 1] == 0x0A { count -= 1 }
        if count > 1, count < body.count, body[count - 1] == 0x0D { count -= 1 }
        return count
    }

    /// More than an eighth of what it begins with is neither text nor the white space of text. So a word of Latin-1 in
    /// a line is still a line.
    static func isBinary(_ body: Span<UInt8>) -> Bool {
        let sample = body.extracting(0..<min(body.count, 4096))
        var strange = 0
        var index = 0
        while index < sample.count {
            let length = UTF8Text.sequenceLength(sample, at: index, end: sample.count)
            let byte = sample[index]
            if length == 0 || (byte < 0x20 && !(0x08...0x0D).contains(byte) && byte != 0x1B) { strange += 1 }
            index += max(length, 1)
        }
        return strange * 8 > sample.count
    }

    private static func hexadecimal(_ body: Span<UInt8>) -> String {
        let shown = (0..<min(body.count, binaryShown)).map { index in
            (body[index] < 16 ? "0" : "") + String(body[index], radix: 16, uppercase: true)
        }
        return shown.joined(separator: " ") + (body.count > binaryShown ? " …" : "")
    }
}
