// SPDX-License-Identifier: Apache-2.0
/// The lines of stdin, and the progress that is shown of them.

import BelfryClient
import LinuxIO
import Testing

@testable import BelfryClient
@testable import Commands

@Suite("The lines to send")
struct LineInputTests {
    typealias Line = LineInput.Line

    @Test(
        "lose their newlines, and the empty ones count as well",
        arguments: [
            ("", []), ("\n\n", ["1:", "2:"]), ("a\nb\n", ["1:a", "2:b"]), ("a\r\n\r\n\nb", ["1:a", "2:", "3:", "4:b"]),
            (" \n", ["1: "]),
            ("a\rb\n", ["1:a\rb"]),
        ] as [(String, [String])])
    func lines(text: String, expected: [String]) throws {
        let pieces = Pieces([text])
        let input = LineInput(pieces.raw)
        var lines: [String] = []
        while let line = try input.next(idle: pieces.write) {
            lines.append("\(line.number):\(String(decoding: line.bytes, as: UTF8.self))")
        }
        #expect(lines == expected)
        #expect(input.consumed == text.utf8.count)
    }

    @Test("may come in pieces")
    func pieces() throws {
        let pieces = Pieces(["a", "b", "\r", "\nc"])
        let input = LineInput(pieces.raw)
        #expect(try input.next(idle: pieces.write) == Line(number: 1, bytes: [0x61, 0x62]))
        #expect(try input.next(idle: pieces.write) == Line(number: 2, bytes: [0x63]))
        #expect(try input.next(idle: pieces.write) == nil)
    }
}

@Suite("The progress of send")
struct SendProgressTests {
    @Test("has a bar where the input's size is known, and shows what was sent and what was accepted")
    func progress() {
        let known = SendProgress(sent: 900, accepted: 500, bytes: 50, total: 100, time: 2_000_000_000)
        #expect(known.text == "[##########----------] 50 %  900 sent  500 accepted  250/s  2s")
        let unknown = SendProgress(sent: 900, accepted: nil, bytes: 50, total: nil, time: 0)
        #expect(unknown.text == "900 sent  0/s  0s")
    }

    @Test("fits 80 columns whatever the numbers")
    func width() {
        let most = SendProgress(sent: 9_999_999, accepted: 9_999_999, bytes: 1, total: 1, time: 3_599_000_000_000)
        #expect(most.text.count <= 80)
    }
}

@Suite("A refused notification")
struct SendReportTests {
    @Test("is told by its line, the reason, the code and a sentence")
    func refusal() {
        let known = Refusal(number: 3, code: 2, sentence: "too much")
        #expect(SendReport.text(known, line: 5) == "line 5: refused (too-large, code 2): too much")
        #expect(SendReport.text(known, line: nil) == "refused (too-large, code 2): too much")
        let unknown = Refusal(number: 3, code: 99, sentence: "why ever")
        #expect(SendReport.text(unknown, line: 1) == "line 1: refused (code 99): why ever")
    }

    @Test("has its line though lines before it were refused before they got a number")
    func lines() throws {
        let report = SendReport(lines: true)
        for refused in [false, true, true, false] {
            report.begin(bytes: 0)
            if refused { try report.noting { throw PublishError.refused(Refusal(number: nil, code: 2, sentence: "")) } }
        }
        #expect(report.line(of: 1) == 1)
        #expect(report.line(of: 2) == 4)
    }
}

/// A pipe that gets a piece whenever the reader is about to wait, and ends behind the last one.
private final class Pieces {
    private var writing: Descriptor?
    private var reading: Descriptor?
    private var left: [String]

    init(_ pieces: [String]) {
        left = pieces
        do {
            try Descriptor.pipe().split { first, second in
                reading = consume first
                writing = consume second
            }
        } catch {
            Issue.record(error)
        }
    }

    var raw: CInt { reading?.raw ?? -1 }

    func write() throws {
        guard let raw = writing?.raw, !left.isEmpty else { return writing = nil }
        let piece = left.removeFirst()
        if !piece.isEmpty { try File.write(raw, Array(piece.utf8).span) }
        if left.isEmpty { writing = nil }
    }
}
