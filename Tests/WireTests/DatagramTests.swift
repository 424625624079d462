// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// Datagrams that no protocol claims.
@Suite struct DatagramTests {
    @Test(
        "text stays byte for byte, whatever it says",
        arguments: [
            "hello\n", "hello\r\n", "one\ntwo\n", "GET / HTTP/1.1\r\n\r\n", " {\"topic\":\"a\"}", "5 apples", "\n",
            "\0",
        ])
    func text(_ text: String) {
        #expect(Decoded(text).isRaw)
    }

    @Test("an empty datagram is a message")
    func empty() {
        #expect(Decoded([]).isRaw)
    }

    @Test("invalid UTF-8 stays as it is")
    func invalid() {
        #expect(Decoded([0xFF, 0xFE, 0x00]).isRaw)
    }
}
