// SPDX-License-Identifier: Apache-2.0
/// PUBLISH frames with consecutive numbers, one behind the other as they leave, and where each of them ends.
///
/// Used by SendWindow, which fills one while another is written; pure.
/// Invariant: frame `first + n` ends where `ends[n]` says, and the next one begins there.

internal import LinuxIO

struct FrameBatch: Sendable {
    /// So long it takes no more frames.
    private static let longest = 256 << 10

    private(set) var first: UInt64 = 1
    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }
    /// The number of the last frame; that before `first` if there is none.
    var last: UInt64 { first &+ UInt64(ends.count) &- 1 }
    var isFull: Bool { bytes.count >= Self.longest }
    /// Whether its memory is worth keeping: not that of a single large message.
    var isUsual: Bool { bytes.capacity <= 4 * Self.longest }

    mutating func begin(with number: UInt64) {
        first = number
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// Bytes that it took.
    mutating func append(_ head: [UInt8], _ body: Span<UInt8>) -> Int {
        let start = bytes.count
        bytes.append(copying: head.span, body)
        ends.append(bytes.count)
        return bytes.count &- start
    }

    /// Where the frame behind this one begins.
    func end(of number: UInt64) -> Int { number < first ? 0 : ends[Int(number &- first)] }
}

/// Frames of a batch that are to be written now.
struct FrameRun: Sendable {
    var bytes: [UInt8]
    var range: Range<Int>
    /// The number of the last of them.
    var through: UInt64
}
