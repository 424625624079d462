// SPDX-License-Identifier: Apache-2.0
/// The array of fixed length: what is written is read back, at its own place and nowhere else.

import LinuxIO
import Testing

@Suite("A fixed array")
struct FixedArrayTests {
    private struct Pair: Equatable {
        var first: UInt64 = 1
        var second: UInt8 = 2
    }

    @Test("keeps each element at its place, changed as a whole or in part")
    func elements() {
        let array = FixedArray(repeating: Pair(), count: 3)
        array[1].second = 9
        array[2] = Pair(first: 7, second: 8)
        #expect(array.indices.map { array[$0].first } == [1, 1, 7])
        #expect(array.indices.map { array[$0].second } == [2, 9, 8])
        array.fill(with: Pair())
        #expect(array.indices.allSatisfy { array[$0] == Pair() })
    }
}
