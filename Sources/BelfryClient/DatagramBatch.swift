// SPDX-License-Identifier: Apache-2.0
/// Frames for datagrams, one behind the other, and which of them may leave together.
///
/// Used by DatagramPublisher and DatagramOutlet; pure.
/// Invariant: all frames of a run are equally long, but the last may be shorter; a run fits one IPv4 datagram.

internal import LinuxIO
internal import Wire

struct DatagramBatch {
    /// What UDP over IPv4 can carry, and so what one run can.
    static let longest = 65_507
    /// Of a frame: its header, the number, the topic's length.
    static let overhead = 18

    /// Frames that leave with one system call.
    struct Run: Equatable {
        let bytes: Range<Int>
        /// The length of each but the last.
        let segment: Int

        var isSingle: Bool { bytes.count <= segment }
    }

    private(set) var bytes: [UInt8] = []
    private var lengths: [Int] = []

    mutating func append(topic: String, body: [UInt8]) {
        let start = bytes.count
        // Nobody looks at the numbers of datagrams.
        NativeFrame.appendPublish(number: 0, topic: Array(topic.utf8).span, body: body.span, to: &bytes)
        lengths.append(bytes.count - start)
    }

    var runs: [Run] { Self.runs(lengths) }

    static func runs(_ lengths: [Int]) -> [Run] {
        var runs: [Run] = []
        var start = 0
        var index = 0
        while index < lengths.count {
            let segment = lengths[index]
            var end = start + segment
            var count = 1
            var isOpen = true
            index += 1
            while index < lengths.count, isOpen, count < DatagramTrain.longest, lengths[index] <= segment,
                end + lengths[index] - start <= longest
            {
                isOpen = lengths[index] == segment
                end += lengths[index]
                count += 1
                index += 1
            }
            runs.append(Run(bytes: start..<end, segment: segment))
            start = end
        }
        return runs
    }
}
