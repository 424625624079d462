// SPDX-License-Identifier: Apache-2.0
/// Copying into arrays of bytes at once, and comparing.

import LinuxIO
import Testing

@Suite("Bytes at once")
struct ByteArrayTests {
    @Test("are appended in order, empty ones too", arguments: [0, 1, 7, 1000])
    func append(count: Int) {
        let (first, second) = ((0..<count).map { UInt8($0 % 251) }, [UInt8](repeating: 9, count: count / 2))
        var bytes: [UInt8] = [1, 2]
        bytes.append(copying: first.span, second.span)
        bytes.append(copying: first.span)
        #expect(bytes == [1, 2] + first + second + first)
    }

    @Test(
        "are equal only if all of them are",
        arguments: [
            ([], [], true), ([1], [], false), ([1, 2], [1, 2], true), ([1, 2], [1, 3], false), ([1], [1, 2], false),
        ] as [([UInt8], [UInt8], Bool)])
    func compare(first: [UInt8], second: [UInt8], isEqual: Bool) {
        #expect(first.span.isEqual(to: second.span) == isEqual)
    }
}
