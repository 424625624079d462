// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// Strict UTF-8, compared with what Swift itself makes of the bytes.
@Suite struct UTF8TextTests {
    private func swiftAccepts(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

    @Test("every sequence of one, two and three bytes at the edges of the ranges is judged rightly")
    func edges() {
        let edges: [UInt8] = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for first in edges {
            for second in edges {
                for third in edges {
                    for bytes in [[first], [first, second], [first, second, third], [first, second, third, 0x80]] {
                        #expect(UTF8Text.isValid(bytes.span) == swiftAccepts(bytes), "\(bytes)")
                    }
                }
            }
        }
    }

    @Test("text cut inside a sequence is invalid")
    func truncated() {
        let bytes = ascii("ä€😀")
        for count in 0...bytes.count {
            let part = Array(bytes.prefix(count))
            #expect(UTF8Text.isValid(part.span) == [0, 2, 5, 9].contains(count))
        }
    }
}
