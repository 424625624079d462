// SPDX-License-Identifier: Apache-2.0
/// The digest that names an executable: the standard's own examples, and any way to cut the input.

import LinuxIO
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    private func hex(_ parts: [[UInt8]], plain: Bool = false) -> String {
        var sum = SHA256(plain: plain)
        for part in parts { sum.add(part.span) }
        return sum.hex()
    }

    @Test(
        "gives the digests of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func standard(text: String, digest: String) {
        #expect(hex([bytes(text)]) == digest)
        #expect(hex([bytes(text)], plain: true) == digest)
    }

    @Test("gives the same however the input is cut")
    func pieces() {
        let all = [UInt8](repeating: 0x61, count: 1_000)
        for cut in [1, 55, 56, 63, 64, 65, 127, 999] {
            #expect(hex([Array(all[..<cut]), Array(all[cut...])]) == hex([all]), "cut at \(cut)")
        }
        #expect(hex(all.map { [$0] }) == hex([all]))
        #expect(hex([all], plain: true) == hex([all]))
    }
}
