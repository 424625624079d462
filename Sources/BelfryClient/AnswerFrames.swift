// SPDX-License-Identifier: Apache-2.0
/// Answers to deliveries as frames: what is done in as few ranges as it takes, what failed one by one.
///
/// Used by ServiceLoop; pure.
/// Invariant: every answer is in the bytes once, and no frame is longer than the protocol allows.

internal import Wire

enum AnswerFrames {
    /// As many as fit the longest frame that a service may send.
    private static let rangesPerFrame = 4096

    static func append(_ answers: [ServiceState.Answer], to out: inout [UInt8]) {
        var done: [UInt64] = []
        for answer in answers {
            switch answer {
            case .done(let number): done.append(number)
            case .failed(let number, let isFinal, let reason):
                let reason = Array(reason.utf8)
                ServiceFrame.appendFail(number, isFinal: isFinal, reason: cut(reason).span, to: &out)
            }
        }
        var ranges = ranges(&done)[...]
        while !ranges.isEmpty {
            ServiceFrame.appendDone(Array(ranges.prefix(rangesPerFrame)), to: &out)
            ranges = ranges.dropFirst(rangesPerFrame)
        }
    }

    /// Numbers to ranges; most come in order.
    static func ranges(_ numbers: inout [UInt64]) -> [ClosedRange<UInt64>] {
        numbers.sort()
        var ranges: [ClosedRange<UInt64>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges
    }

    /// Never in the middle of a character.
    private static func cut(_ reason: [UInt8]) -> [UInt8] {
        guard reason.count > ServiceFrame.maximumReason else { return reason }
        var end = ServiceFrame.maximumReason
        while end > 0, reason[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(reason[..<end])
    }
}
