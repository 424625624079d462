// SPDX-License-Identifier: Apache-2.0
/// What `belfry send` tells on stderr: refused lines, and in a terminal a progress bar with the rate.
///
/// Used by SendVerb.
/// Invariant: silent when all goes well and stderr is no terminal.

internal import BelfryClient
internal import Control
internal import LinuxIO
internal import Wire

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

    init(lines: Bool) {
        self.lines = lines
        shows = lines && Output.isTerminal(2)
        total = lines ? File.size(0) : nil
        shownAt = started &+ Self.firstAfter &- Self.againAfter
    }

    /// The next notification is the next line; so many bytes of the input are read with it.
    func begin(bytes: Int) {
        count += 1
        self.bytes = bytes
    }

    func refused(_ message: RefusedMessage) {
        refusals += 1
        clear()
        Output.error("belfry: \(Self.text(message, line: lines ? Int(message.number) : nil))")
    }

    static func text(_ message: RefusedMessage, line: Int?) -> String {
        let place = line.map { "line \($0): " } ?? ""
        let reason = Refusal(code: message.code).map { "\($0.name), " } ?? ""
        return "\(place)refused (\(reason)code \(message.code)): \(message.sentence)"
    }

    func progress(finished: UInt64?) {
        // The clock is asked now and then: it costs as much as a short line.
        guard shows, count & 255 == 0 else { return }
        let now = Clock.monotonic()
        guard now >= shownAt &+ Self.againAfter else { return }
        shownAt = now
        hasBar = true
        let bar = SendProgress(count: count, finished: finished, bytes: bytes, total: total, time: now &- started)
        try? File.write(2, Array("\r\u{1B}[K\(bar.text)".utf8).span)
    }

    /// The last word; throws if anything was refused.
    func end(finished: UInt64?) throws {
        if hasBar {
            clear()
            let time = Clock.monotonic() &- started
            let bar = SendProgress(count: count, finished: finished, bytes: bytes, total: nil, time: time)
            Output.error(bar.text)
        }
        guard refusals > 0 else { return }
        throw Failure(refusals == 1 ? "1 notification was not accepted" : "\(refusals) notifications were not accepted")
    }

    private func clear() {
        if hasBar { try? File.write(2, Array("\r\u{1B}[K".utf8).span) }
    }
}

/// One picture of the progress bar, within 80 columns.
struct SendProgress {
    let count: UInt64
    let finished: UInt64?
    let bytes: Int
    /// All bytes of the input, where that is known.
    let total: Int?
    /// Nanoseconds since the start.
    let time: UInt64

    var text: String {
        let done = finished ?? count
        let rate = time == 0 ? 0 : UInt64(Double(done) * 1e9 / Double(time))
        let word = finished == nil ? "sent" : "accepted"
        return
            "\(bar)\(HumanText.count(done)) \(word)  \(HumanText.count(rate))/s  \(HumanText.age(time / 1_000_000_000))"
    }

    private var bar: String {
        guard let total, total > 0 else { return "" }
        let share = min(1, Double(bytes) / Double(total))
        let filled = Int(share * 30)
        let percent = Int(share * 100)
        return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: 30 - filled)
            + "] \(percent) %  "
    }
}
