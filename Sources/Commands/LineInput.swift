// SPDX-License-Identifier: Apache-2.0
/// Lines from a descriptor, without their newlines, as they come.
///
/// Used by `belfry send --lines`.
/// Invariant: an empty line is one, a last line without a newline too; memory is bounded by the longest line allowed.

internal import LinuxIO

final class LineInput {
    struct Line: Equatable {
        /// From 1, as an editor counts.
        let number: Int
        let bytes: [UInt8]
    }

    /// Bytes of a line that could not be a notification anyway.
    private static let longest = 1 << 30

    /// Bytes of whole lines given out.
    private(set) var consumed = 0
    private let source: Int32
    private let buffer = ByteBuffer(capacity: 256 << 10, limit: LineInput.longest)
    private var number = 0
    private var searched = 0
    private var ended = false
    /// nil for a file, which is always ready.
    private let poller: Poller?

    init(_ source: Int32) {
        self.source = source
        let poller = try? Poller(capacity: 1)
        let isPolled = (try? poller?.add(source, token: 0, events: .readable)) != nil
        self.poller = isPolled ? poller : nil
    }

    /// nil at the end. `idle` runs before each wait for more.
    func next(idle: () throws -> Void) throws -> Line? {
        while true {
            if let line = takeLine() { return line }
            if ended { return nil }
            if let poller, try poller.wait(timeoutNanoseconds: 0) == 0 { try idle() }
            switch buffer.receive(from: source) {
            case .bytes, .wouldBlock: break
            case .closed: ended = true
            case .full: throw Failure("line \(number + 1) of stdin is longer than \(Self.longest >> 30) GiB")
            case .failed(let code): throw Failure("stdin can't be read: \(SystemCallError.reason(code))")
            }
        }
    }

    private func takeLine() -> Line? {
        let (bytes, used) = buffer.withReadable { span -> ([UInt8]?, Int) in
            var end = searched
            while end < span.count, span[end] != 0x0A { end += 1 }
            searched = end
            guard end < span.count || (ended && end > 0) else { return (nil, 0) }
            let carriage = end > 0 && span[end - 1] == 0x0D ? 1 : 0
            return (Self.copy(span.extracting(0..<end - carriage)), min(end + 1, span.count))
        }
        guard let bytes else { return nil }
        buffer.consume(used)
        consumed += used
        searched = 0
        number += 1
        return Line(number: number, bytes: bytes)
    }

    private static func copy(_ span: Span<UInt8>) -> [UInt8] {
        [UInt8](capacity: span.count) { output in for index in span.indices { output.append(span[index]) } }
    }
}
