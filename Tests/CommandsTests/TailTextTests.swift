// SPDX-License-Identifier: Apache-2.0
/// A notification as `belfry tail` shows it: to people, and as JSON.

import LinuxIO
import Testing
import Wire

@testable import Commands

@Suite("A tail's line")
struct TailTextTests {
    private static let noon: UInt64 = 1_795_262_400_123_000_000

    private func lines(
        columns: Int? = nil, isColoured: Bool = false, today: String = LocalTime(noon).date, _ fill: (SmallRing) -> Void
    ) throws -> [Substring] {
        let ring = try SmallRing()
        fill(ring)
        var text = TailText(columns: columns, isColoured: isColoured)
        text.today = today
        return try ring.lines { text.append($0, $1, to: &$2) }.split(separator: "\n")
    }

    @Test("has local time, topic, source and body")
    func plain() throws {
        let lines = try lines { $0.publish(Array("sda1 at 97 %".utf8), topic: "alerts.disk", at: Self.noon) }
        #expect(lines == ["\(LocalTime(Self.noon).clock).123  alerts.disk  127.0.0.1:7  sda1 at 97 %"])
    }

    @Test("has the date if it is not today's")
    func date() throws {
        let lines = try lines(today: "2026-01-01") { $0.publish([0x61], at: Self.noon) }
        #expect(lines[0].hasPrefix("\(LocalTime(Self.noon).date) \(LocalTime(Self.noon).clock).123  raw"))
    }

    @Test("is one line, whatever its body, topic and source are")
    func hostile() throws {
        let lines = try lines {
            $0.publish(
                Array("a\nb\u{1B}[2J".utf8), topic: "t\n\u{1B}]0;x\u{7}", source: "s\r\u{9B}", at: Self.noon)
        }
        #expect(lines.count == 1)
        #expect(lines[0].hasSuffix("  t\\n\\x1B]0;x\\x07  s\\r\\u{9B}  a\\nb\\x1B[2J"))
    }

    @Test("is cut to the terminal's width")
    func width() throws {
        let body = [UInt8](repeating: 0x78, count: 500)
        for columns in [60, 80, 200] {
            let lines = try lines(columns: columns) { $0.publish(body, at: Self.noon) }
            #expect(lines[0].count == columns && lines[0].hasSuffix("x…"))
        }
        #expect(try lines { $0.publish(body, at: Self.noon) }[0].hasSuffix("xxx"))
    }

    @Test("leaves a body twenty columns in a terminal that is too narrow")
    func narrow() throws {
        let lines = try lines(columns: 20) { $0.publish([UInt8](repeating: 0x78, count: 50), at: Self.noon) }
        #expect(lines[0].hasSuffix("127.0.0.1:7  " + String(repeating: "x", count: 19) + "…"))
    }

    @Test("stands in the columns of those before it, in a terminal")
    func columns() throws {
        let lines = try lines(columns: 100) {
            $0.publish([0x61], topic: "longer.topic", source: "10.0.0.1:50000", at: Self.noon)
            $0.publish([0x62], topic: "raw", source: "10.0.0.1:7", at: Self.noon)
        }
        #expect(lines[0].count == lines[1].count && lines[1].contains("  raw           10.0.0.1:7      b"))
    }

    @Test(
        "says of a body that it is empty or binary",
        arguments: [
            ([], "[empty]"), ([0], "[binary, 1 byte] 00"),
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "[binary, 8 bytes] 89 50 4E 47 0D 0A 1A 0A"),
            ([0xFF, 0xFE, 0x41, 0x00], "[binary, 4 bytes] FF FE 41 00"),
            (
                Array("Gr\u{FC}\u{DF}e".unicodeScalars.map { UInt8($0.value) }) + Array(" aus Latin-1".utf8),
                "Gr\\xFC\\xDFe aus Latin-1"
            ),
            (Array("line\n".utf8), "line"), (Array("line\r\n".utf8), "line"), (Array("\n".utf8), "\\n"),
            (Array("\r\n".utf8), "\\r"), (Array("a\n\n".utf8), "a\\n"),
        ] as [([UInt8], String)])
    func bodies(body: [UInt8], shown: String) throws {
        let line = try lines { $0.publish(body, at: Self.noon) }[0]
        #expect(line.hasSuffix("127.0.0.1:7  \(shown)"), "\(line)")
    }

    @Test("has colours if it may, and without them is the same")
    func colours() throws {
        func fill(_ ring: SmallRing) { ring.publish(Array("a\nb".utf8), at: Self.noon) }
        let coloured = try lines(columns: 80, isColoured: true, fill)[0]
        #expect(coloured.contains("\u{1B}[36mraw\u{1B}[0m"))
        #expect(try coloured.replacing(/\u{1B}\[\d+m/, with: "") == lines(columns: 80, fill)[0])
    }

    @Test("as JSON is what a lines service gets")
    func json() throws {
        let ring = try SmallRing()
        ring.publish(
            Array("x\u{1B}".utf8), topic: "syslog.daemon.crit", at: Self.noon, decoded: #"{"format":"rfc3164"}"#,
            kind: .syslog, by: .syslog)
        let line = try ring.lines { TailJSON.append($0, $1, log: SmallRing.logID, to: &$2) }
        #expect(
            line == #"{"id":"0123456789abcdef-0-1","topic":"syslog.daemon.crit","source":"127.0.0.1:7","#
                + #""protocol":"syslog","time":"\#(Timestamp.rfc3339(Self.noon))","attempt":1,"body":"x\u001b","#
                + #""syslog":{"format":"rfc3164"}}"# + "\n")
    }

    @Test(
        "as JSON leaves out what pretends to be decoded",
        arguments: ["{\n}", "{}}", "[]", "{\"a\":\u{1B}}", "x", #"{},"forged":{}"#])
    func forged(decoded: String) throws {
        let ring = try SmallRing()
        ring.publish([0x61], decoded: decoded, kind: .cloudevent)
        let line = try ring.lines { TailJSON.append($0, $1, log: SmallRing.logID, to: &$2) }
        #expect(line.hasSuffix(#""attempt":1,"body":"a"}"# + "\n"))
    }
}
