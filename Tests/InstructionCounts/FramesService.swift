// SPDX-License-Identifier: Apache-2.0
/// The far side of a `frames` service: answers everything that it reads with one range.
///
/// Used by WorkerDrive.
/// Invariant: every number up to the last one answered was a DELIVER that came in order.

import LinuxIO
import Wire

final class FramesService: Service {
    private let held: HeldService
    private let input = ByteBuffer(capacity: 1 << 17, limit: 1 << 20)
    private var answered: UInt64 = 0

    init(_ held: HeldService, window: Int) throws {
        self.held = held
        var bytes: [UInt8] = []
        ServiceFrame.appendWindow(UInt32(window), to: &bytes)
        try write(bytes)
    }

    func answer() throws {
        while case .bytes = input.receive(from: held.input.raw) {}
        var last = answered
        let used = try input.withReadable { bytes in
            var start = 0
            while case .frame(let kind, let flags, let payload) = ServiceFrame.next(
                in: bytes, from: start, most: 1 << 16)
            {
                guard kind == .deliver,
                    let (delivery, _) = ServiceFrame.delivery(in: bytes, flags: flags, payload: payload),
                    delivery.number == last + 1
                else { throw Fault("no DELIVER \(last + 1)") }
                last = delivery.number
                start = payload.upperBound
            }
            return start
        }
        input.consume(used)
        guard last > answered else { return }
        var bytes: [UInt8] = []
        ServiceFrame.appendDone([answered + 1...last], to: &bytes)
        try write(bytes)
        answered = last
    }

    private func write(_ bytes: [UInt8]) throws {
        guard Descriptor.write(held.output.raw, bytes.span) == .wrote(bytes.count) else {
            throw Fault("the worker does not take an answer")
        }
    }
}
