// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// The list of reasons, which lies in shared memory and in other people's programs.
@Suite struct RefusalTests {
    @Test("the numbers of the reasons are laid down, for they count in shared memory and stand in ERROR frames")
    func keepsNumbers() {
        let names = [
            "full", "too-large", "bad-frame", "unknown-type", "unknown-version", "bad-topic", "reserved-topic",
            "line-too-long", "truncated", "tls", "http", "mqtt", "timed-out", "bad-type", "ending",
        ]
        #expect(Refusal.allCases.map(\.name) == names)
        #expect(Refusal.allCases.map { Int($0.rawValue) } == Array(0..<names.count))
    }

    @Test("a code leads back to its reason, and 0 and unknown ones to none")
    func readsCodes() {
        for refusal in Refusal.allCases { #expect(Refusal(code: refusal.code) == refusal) }
        #expect(Refusal(code: 0) == nil && Refusal(code: 16) == nil && Refusal(code: .max) == nil)
    }
}
