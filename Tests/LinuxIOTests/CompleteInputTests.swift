// SPDX-License-Identifier: Apache-2.0
/// What a program reads that was given to it as a whole, whether a pipe or a file holds it.

import LinuxIO
import Testing

@Suite("A complete input")
struct CompleteInputTests {
    @Test("holds every byte and then the end", arguments: [0, 1, 65_536, 65_537, 2_000_000])
    func holdsAll(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let input = try CompleteInput.make(bytes.span)
        #expect(try File.read(input.raw, limit: 4_000_000) == bytes)
    }

    @Test(
        "is a pipe as far as a pipe holds it, and a file beyond that",
        arguments: [(65_536, "pipe"), (65_537, "/memfd")])
    func kind(count: Int, kind: String) throws {
        let input = try CompleteInput.make([UInt8](repeating: 0, count: count).span)
        var shell = Shell("readlink /proc/$$/fd/0")
        shell.request.descriptors = [(input.raw, 0)]
        #expect(try shell.lines().first?.hasPrefix(kind) == true)
    }
}
