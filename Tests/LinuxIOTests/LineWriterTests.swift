// SPDX-License-Identifier: Apache-2.0
/// Lines to a reader who has stopped reading: left out, counted, told.

import LinuxIO
import Testing

@Suite("Line writer")
struct LineWriterTests {
    private func text(_ raw: CInt) throws -> String {
        try Descriptor.setNonBlocking(raw)
        let buffer = ByteBuffer(limit: 1 << 20)
        while case .bytes = buffer.receive(from: raw) {}
        return buffer.withReadable { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
    }

    @Test("a full pipe holds nobody up, and once there is room again the lines left out are told")
    func full() throws {
        let pipe = try Descriptor.pipe()
        let writer = LineWriter(pipe.writing.raw)
        let line = Array((String(repeating: "x", count: 999) + "\n").utf8)
        for _ in 0..<200 { writer.write(line) { _ in Array("too early\n".utf8) } }
        let before = try text(pipe.reading.raw)
        let whole = before.count / 1000
        #expect(whole > 10 && whole < 200 && before.count % 1000 == 0)
        writer.write(Array("next\n".utf8)) { Array("\($0) left out\n".utf8) }
        #expect(try text(pipe.reading.raw) == "\(200 - whole) left out\nnext\n")
    }
}
