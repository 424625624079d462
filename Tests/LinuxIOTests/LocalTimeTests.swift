// SPDX-License-Identifier: Apache-2.0
/// Local time against another calendar in the same zone; the terminal of what is none.

import Foundation
import LinuxIO
import Testing

@Suite("Local time")
struct LocalTimeTests {
    @Test("is that of the machine's zone", arguments: [0, 951_782_399, 1_735_689_599, 1_763_700_000, 4_107_542_400])
    func local(seconds: UInt64) {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        let time = LocalTime(seconds * 1_000_000_000 + 999_999_999)
        #expect("\(time.date) \(time.clock)" == formatter.string(from: Date(timeIntervalSince1970: Double(seconds))))
    }
}

@Suite("A terminal")
struct TerminalTests {
    @Test("is not what a pipe is: it has no size")
    func noSize() throws {
        let pipe = try Descriptor.pipe()
        #expect(Terminal.size(pipe.reading.raw) == nil)
    }
}
