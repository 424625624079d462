// SPDX-License-Identifier: Apache-2.0
/// The far side of a `lines` service: answers every line that it reads with `ok ID`, all of them with one write.
///
/// Used by WorkerDrive.
/// Invariant: an answer has the id that its line begins with.

import LinuxIO
import Wire

final class LinesService: Service {
    private static let beforeID = Array(#"{"id":""#.utf8)
    private let held: HeldService
    private let input = ByteBuffer(capacity: 1 << 17, limit: 1 << 20)

    init(_ held: HeldService) { self.held = held }

    func answer() throws {
        while case .bytes = input.receive(from: held.input.raw) {}
        var answers: [UInt8] = []
        let used = input.withReadable { bytes in
            var start = 0
            while let newline = bytes.first(0x0A, in: start..<bytes.count) {
                let id = start + Self.beforeID.count
                answers += [0x6F, 0x6B, 0x20]
                bytes.append(id..<(bytes.first(0x22, in: id..<newline) ?? newline), to: &answers)
                answers.append(0x0A)
                start = newline + 1
            }
            return start
        }
        input.consume(used)
        guard !answers.isEmpty else { return }
        guard Descriptor.write(held.output.raw, answers.span) == .wrote(answers.count) else {
            throw Fault("the worker does not take the answers")
        }
    }
}
