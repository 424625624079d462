// SPDX-License-Identifier: Apache-2.0
/// What the proof of upgrades sends meanwhile: many native connections with acks, datagrams, and `logger`; each counts.
/// Used by UpgradeProofTests.
/// Invariant: what `native` and `logged` count was accepted or given to the kernel whole; datagrams were taken by the kernel.

import LinuxIO
import Testing

final class UpgradeLoad {
    /// What the living connections have seen, in µs from when a message was due until its ack.
    struct Waits {
        var median = 0
        var p99 = 0
        var worst = 0
    }

    struct Sent {
        /// By connection.
        var native: [UInt64] = []
        /// By sender.
        var datagrams: [Int: UInt64] = [:]
        var logged = 0
        var resets = 0
        var refused = 0
        var waits = Waits()
    }

    static let connections = 1_000
    /// Numbers of senders of datagrams begin here.
    private static let datagrams = 2_000
    private let live: Program
    private let shower: Program
    private let logger: Program

    /// - Parameters: `rate`: messages a second over all connections, and as many datagrams. `logger`: its option for the
    ///   transport. Over TCP nobody tells it what was taken: it is no measure where an acceptor is killed.
    init(_ broker: Broker, rate: Int, logger option: String = "-T") throws {
        let scratch = broker.scratch
        let script = try scratch.write(
            "logger.sh",
            """
            #!/bin/sh
            trap over=1 TERM
            number=0
            while [ -z "$over" ]; do
                logger -n 127.0.0.1 -P "$1" "$2" --rfc5424 -t proof "logged $number" || exit 1
                number=$((number + 1))
            done
            echo $number

            """, executable: true)
        let port = "\(broker.port)"
        live = try Program(
            try Account.compile("live", in: scratch), [port, "\(Self.connections)", "\(rate)"], in: scratch)
        shower = try Program(
            try Account.compile("shower", in: scratch), ["json", port, "\(Self.datagrams)", "\(rate)"], in: scratch)
        logger = try Program(script, [port, option], in: scratch)
    }

    var isWell: Bool { !live.hasEnded && !shower.hasEnded && !logger.hasEnded }

    /// Ends them, in good order, and tells what they have sent.
    func finish() throws -> Sent {
        for program in [live, shower, logger] { program.signal(Signal.terminate) }
        var sent = Sent()
        let told = try output(live).split(separator: "\n")
        let words = (told.first ?? "").split(separator: " ")
        let values = zip(words, words.dropFirst()).reduce(into: [Substring: Int]()) { $0[$1.0] = Int($1.1) }
        sent.native = (told.last ?? "").split(separator: " ").compactMap { UInt64($0) }
        #expect(sent.native.count == Self.connections)
        sent.resets = try #require(values["resets"])
        sent.refused = try #require(values["refused"])
        sent.waits = Waits(
            median: try #require(values["median"]), p99: try #require(values["p99"]),
            worst: try #require(values["worst"]))
        let pairs = try output(shower).split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        for place in stride(from: 0, to: pairs.count - 1, by: 2) {
            sent.datagrams[pairs[place]] = UInt64(pairs[place + 1])
        }
        sent.logged = try #require(Int(try output(logger).split(separator: "\n").last ?? ""))
        return sent
    }

    private func output(_ program: Program) throws -> String {
        let result = try program.wait(until: .after(.seconds(90)))
        #expect(result.succeeded, "\(program.name): \(result.errors)")
        return result.output
    }
}
