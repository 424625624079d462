// SPDX-License-Identifier: Apache-2.0
/// Topic and source of the last delivery as strings: those of the next one are most often the same.
///
/// Used by ServiceLoop, which gives them to each Delivery.
/// Invariant: `text` says what the bytes say, whether it was kept or is new.

internal import LinuxIO

struct DeliveryTexts {
    struct Kept {
        private var bytes: [UInt8] = []
        private var text = ""

        mutating func text(_ found: Span<UInt8>) -> String {
            guard !bytes.span.isEqual(to: found) else { return text }
            bytes.removeAll(keepingCapacity: true)
            bytes.append(copying: found)
            text = String(decoding: bytes, as: UTF8.self)
            return text
        }
    }

    var topic = Kept()
    var source = Kept()
}

extension String {
    init(copying bytes: Span<UInt8>) {
        var text: [UInt8] = []
        text.append(copying: bytes)
        self.init(decoding: text, as: UTF8.self)
    }
}
