// SPDX-License-Identifier: Apache-2.0
/// Frames for datagrams, one behind the other, and which of them may leave together.
///
/// Used by DatagramPublisher and DatagramOutlet; pure.
/// Invariant: all frames of a run are equally long, but the last may be shorter; a run fits one IPv4 datagram.

internal import LinuxIO
internal import Wire

/// Why a notification can't be sent in a datagram.
enum DatagramRefusal {
    case topic(Wire.Refusal)
    /// Bytes of the body.
    case size(Int)

    /// - Parameter number: of the notification, if it is to be named.
    func told(of number: UInt64?) -> Refusal {
        switch self {
        case .topic(let refusal): return Refusal(number: number, refusal)
        case .size(let count):
            let sentence = "\(count) bytes do not fit a UDP datagram; TCP takes more"
            return Refusal(number: number, code: Wire.Refusal.tooLarge.code, sentence: sentence)
        }
    }
}

struct DatagramBatch: Sendable {
    /// What UDP over IPv4 can carry, and so what one run can.
    static let longest = 65_507

    /// Frames that leave with one system call.
    struct Run: Equatable {
        let bytes: Range<Int>
        /// The length of each but the last.
        let segment: Int
        /// How many they are.
        let count: Int
    }

    /// Bytes that an empty batch may keep.
    private static let keptCapacity = 256 << 10

    private(set) var bytes: [UInt8] = []
    private var lengths: [Int] = []
    private var head = PublishHead()

    mutating func clear() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
        lengths.removeAll(keepingCapacity: lengths.capacity <= Self.keptCapacity / 8)
    }

    /// - Returns: why it can't be sent; then it is not in the batch.
    mutating func append(_ topic: String, _ body: Span<UInt8>) -> DatagramRefusal? {
        if let refusal = begin(topic, bodyCount: body.count) { return refusal }
        let start = head.bytes
        bytes.append(copying: start.span, body)
        lengths.append(start.count &+ body.count)
        return nil
    }

    /// Appends several that are to one topic and equally long: their frames differ in their bodies alone.
    /// - Returns: why the first of them can't be sent; then none is in the batch.
    mutating func append(alike messages: Span<DatagramPublisher.Message>) -> DatagramRefusal? {
        let bodyCount = messages[0].body.count
        if let refusal = begin(messages[0].topic, bodyCount: bodyCount) { return refusal }
        let start = head.bytes
        let length = start.count &+ bodyCount
        bytes.append(addingCapacity: messages.count &* length) { output in
            for index in messages.indices {
                output.append(copying: start.span)
                output.append(copying: messages[index].body.span)
            }
        }
        for _ in messages.indices { lengths.append(length) }
        return nil
    }

    private mutating func begin(_ topic: String, bodyCount: Int) -> DatagramRefusal? {
        if let refusal = head.choose(topic) { return .topic(refusal) }
        guard head.bytes.count &+ bodyCount <= Self.longest else { return .size(bodyCount) }
        // Nobody looks at the numbers of datagrams.
        head.set(number: 0, bodyCount: bodyCount)
        return nil
    }

    /// The end of those from `start` on that are to one topic and equally long. It only reads, and for itself, so that no
    /// reference to a topic is counted.
    static func endOfAlike(_ messages: Span<DatagramPublisher.Message>, from start: Int) -> Int {
        var end = start &+ 1
        while end < messages.count, messages[end].body.count == messages[start].body.count,
            PublishHead.isSame(messages[end].topic, messages[start].topic)
        {
            end &+= 1
        }
        return end
    }

    /// The frames that may leave together, `most` at most, from frame `index` on, which begins at byte `start`; nil behind
    /// the last one.
    func run(from index: Int, at start: Int, atMost most: Int) -> Run? {
        Self.run(lengths, from: index, at: start, atMost: most)
    }

    static func run(_ lengths: [Int], from first: Int, at start: Int, atMost most: Int) -> Run? {
        guard first < lengths.count else { return nil }
        let segment = lengths[first]
        var (length, index) = (segment, first + 1)
        let end = min(lengths.count, first + most)
        while index < end, lengths[index] <= segment, length + lengths[index] <= longest {
            length += lengths[index]
            index += 1
            if lengths[index - 1] < segment { break }
        }
        return Run(bytes: start..<start + length, segment: segment, count: index - first)
    }
}
