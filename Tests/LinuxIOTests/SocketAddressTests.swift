// SPDX-License-Identifier: Apache-2.0
/// Addresses as text, both ways.

import LinuxIO
import Testing

@Suite("A socket address")
struct SocketAddressTests {
    @Test(
        "is shown in the one form of RFC 5952",
        arguments: [
            ("127.0.0.1", "127.0.0.1:514"),
            ("255.255.255.255", "255.255.255.255:514"),
            ("0.0.0.0", "0.0.0.0:514"),
            ("::", "[::]:514"),
            ("::1", "[::1]:514"),
            ("[::1]", "[::1]:514"),
            ("2001:DB8::", "[2001:db8::]:514"),
            ("2001:db8:0:0:0:0:2:1", "[2001:db8::2:1]:514"),
            ("2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:514"),
            ("2001:0:0:1:0:0:0:1", "[2001:0:0:1::1]:514"),
            ("2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:514"),
            ("1:2:3:4:5:6:7:0", "[1:2:3:4:5:6:7:0]:514"),
            ("0:0:3:4:5:6:0:0", "[::3:4:5:6:0:0]:514"),
            ("fe80::f:ff:fff:ffff", "[fe80::f:ff:fff:ffff]:514"),
            ("::ffff:192.0.2.1", "192.0.2.1:514"),
        ])
    func text(host: String, shown: String) throws {
        #expect(try #require(SocketAddress(numeric: host, port: 514)).description == shown)
    }

    @Test("is not made of anything but digits", arguments: ["localhost", "", "1.2.3", "1.2.3.4.5", "::1::", "[::1"])
    func refused(host: String) { #expect(SocketAddress(numeric: host, port: 1) == nil) }

    @Test(
        "knows whether it is of this machine alone",
        arguments: [("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("0.0.0.0", false), ("::2", false)])
    func loopback(host: String, expected: Bool) throws {
        #expect(try #require(SocketAddress(numeric: host, port: 1)).isLoopback == expected)
    }

    @Test("of a name that the system knows is found, of another one not")
    func resolve() throws {
        #expect(try SocketNames.resolve("localhost", port: 7).allSatisfy { $0.isLoopback && $0.port == 7 })
        #expect(try SocketNames.resolve("192.0.2.7", port: 7).map(\.description) == ["192.0.2.7:7"])
        #expect(throws: ResolveError.self) { try SocketNames.resolve("no such name", port: 7) }
    }
}
