// SPDX-License-Identifier: Apache-2.0
/// What `belfry send` tells on stderr: refused lines, and in a terminal how far it has got.
///
/// Used by SendVerb.
/// Invariant: silent when all goes well and stderr is no terminal.

internal import BelfryClient
internal import LinuxIO

final class SendReport {
    private static let firstAfter: UInt64 = 500_000_000
    private static let againAfter: UInt64 = 100_000_000

    private let lines: Bool
    private let shows: Bool
    private let total: Int?
    private let started = Clock.monotonic()
    private var shownAt: UInt64
    private var hasBar = false
    private var count: UInt64 = 0
    private var bytes = 0
    private var refusals = 0
    /// The lines that were refused before they got a number.
    private var unnumbered: [UInt64] = []

    init(lines: Bool) {
        self.lines = lines
        shows = lines && Output.isScreen(2)
        total = lines ? File.size(0) : nil
        shownAt = started &+ Self.firstAfter &- Self.againAfter
    }

    /// The next notification is the next line; so many bytes of the input are read with it.
    func begin(bytes: Int) {
        count += 1
        self.bytes = bytes
    }

    /// Does it, and notes what was refused; any other error goes on.
    func noting(_ work: () throws -> Void) throws {
        do {
            try work()
        } catch PublishError.refused(let refusal) {
            refused(refusal)
        } catch PublishError.someRefused(let first, let count) {
            for refusal in first { refused(refusal) }
            refusals += count - first.count
        }
    }

    private func refused(_ refusal: Refusal) {
        refusals += 1
        if refusal.number == nil { unnumbered.append(count) }
        clear()
        Output.error("belfry: \(Self.text(refusal, line: lines ? line(of: refusal.number) : nil))")
    }

    /// Numbers count only the lines that were sent.
    func line(of number: UInt64?) -> UInt64 {
        guard var line = number else { return count }
        for skipped in unnumbered where skipped <= line { line += 1 }
        return line
    }

    static func text(_ refusal: Refusal, line: UInt64?) -> String {
        let place = line.map { "line \($0): " } ?? ""
        let isKnown = refusal.reason != "code-\(refusal.code)"
        return "\(place)refused (\(isKnown ? "\(refusal.reason), " : "")code \(refusal.code)): \(refusal.sentence)"
    }

    /// After a line. The clock is asked now and then: it costs as much as a short line.
    func progress(accepted: UInt64?) {
        if shows, count & 255 == 0 { show(accepted: accepted) }
    }

    /// While nothing goes on.
    func show(accepted: UInt64?) {
        let now = Clock.monotonic()
        guard shows, now >= shownAt &+ Self.againAfter else { return }
        shownAt = now
        hasBar = true
        let picture = SendProgress(
            sent: count, accepted: accepted, bytes: bytes, total: total, time: now &- started)
        try? File.write(2, Array("\r\u{1B}[K\(picture.text)".utf8).span)
    }

    /// The last word; throws if anything was refused.
    func end(accepted: UInt64?) throws {
        if hasBar {
            clear()
            let time = Clock.monotonic() &- started
            Output.error(SendProgress(sent: count, accepted: accepted, bytes: bytes, total: nil, time: time).text)
        }
        guard refusals > 0 else { return }
        throw Failure(refusals == 1 ? "1 notification was not accepted" : "\(refusals) notifications were not accepted")
    }

    private func clear() {
        if hasBar { try? File.write(2, Array("\r\u{1B}[K".utf8).span) }
    }
}
