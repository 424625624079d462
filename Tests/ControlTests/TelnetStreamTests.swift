// SPDX-License-Identifier: Apache-2.0
/// What is left of what a telnet client sends, and how lines are sent to it.

import Control
import Testing

@Suite("A telnet stream")
struct TelnetStreamTests {
    @Test(
        "gives the lines, whatever else the two telnets say to each other, and however it is cut",
        arguments: [
            (Array("status\r\nhelp\r\n".utf8), "status\nhelp\n"),
            (Array("status\n".utf8), "status\n"),
            // A return alone is sent with a zero behind it.
            (Array("a\r\0b\r\0".utf8), "a\nb\n"),
            (Array("a\rb\r\r\n\n".utf8), "a\nb\n\n\n"),
            // DO ECHO, WILL LINEMODE, its subnegotiation with a doubled 255 in it, and "are you there".
            (
                [255, 253, 1] + Array("st".utf8) + [255, 251, 34, 255, 250, 34, 1, 255, 255, 3, 255, 240]
                    + Array("at".utf8) + [255, 246] + Array("us\r\n".utf8), "status\n"
            ),
            // Not over yet.
            (Array("a".utf8) + [255, 250, 1, 2, 3], "a"),
        ] as [([UInt8], String)])
    func lines(bytes: [UInt8], text: String) {
        for cut in 0...bytes.count {
            var stream = TelnetStream()
            var out: [UInt8] = []
            stream.take(Array(bytes[..<cut]).span, to: &out)
            stream.take(Array(bytes[cut...]).span, to: &out)
            #expect(String(decoding: out, as: UTF8.self) == text)
        }
    }

    @Test("gives a byte of 255 that was meant, which makes no text")
    func doubled() {
        var stream = TelnetStream()
        var out: [UInt8] = []
        stream.take([0x61, 255, 255, 0x62].span, to: &out)
        #expect(out == [0x61, 255, 0x62])
    }

    @Test("sends a return before each newline")
    func sent() {
        #expect(TelnetStream.lines(Array("a\n\nb".utf8)) == Array("a\r\n\r\nb".utf8))
        #expect(TelnetStream.lines([]).isEmpty)
    }
}
