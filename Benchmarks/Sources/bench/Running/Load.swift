// SPDX-License-Identifier: Apache-2.0
/// The work of one run, and the way a contender is set up for it.
///
/// Made by the rows and the peers, carried out by Trial.
/// Invariant: contenders of one section differ in their programs and in `count` (so that each runs for about as long),
/// not in the messages, the sender's pace, or the number of consumers.

import Foundation

struct Load: Sendable {
    var count: Int
    /// Bytes of a body.
    var size = 128
    /// Messages a second; 0: as fast as can be.
    var rate = 0
    var wantsLatencies = false
    /// Of the sender.
    var connections = 1
    /// Messages that a connection writes in its turn; 0: what the sender chooses.
    var batch = 0
    /// Consumers that each get every message.
    var consumers = 1
    /// Messages between sender and consumer at most, where nothing else holds the sender back; 0: no limit.
    var window = 0
    /// Looks at the memory while the run is half done.
    var wantsMemory = false

    /// Nanoseconds between two messages.
    var interval: UInt64 { rate == 0 ? 0 : UInt64(1_000_000_000 / rate) }

    /// What each kind of `publish` is told. It goes by the slowest of several consumers.
    func options(_ boards: [Board]) -> [String] {
        var options = boards.flatMap { ["--board", $0.path] } + ["--count", "\(count)", "--size", "\(size)"]
        if rate > 0 { options += ["--rate", "\(rate)"] }
        if window > 0 { options += ["--window", "\(window)"] }
        if connections > 1 { options += ["--connections", "\(connections)"] }
        if batch > 0 { options += ["--batch", "\(batch)"] }
        return options
    }
}

/// A broker process and when it is up.
struct Server {
    enum Sign {
        /// Connections are accepted there.
        case port(Int)
        /// Somebody has that TCP port; a connection to see whether it is accepted would count as work.
        case listening(Int)
        /// Somebody has that UDP port.
        case datagrams(Int)
        case file(String)
    }

    let name: String
    let arguments: [String]
    var extra: [String: String] = [:]
    let sign: Sign
}

/// Lays out what a run needs.
typealias SetUp = @Sendable (Stage, Load, [Board]) throws -> Setup

/// What Trial starts and in which order: servers, then consumers, then the sender.
struct Setup {
    var servers: [Server] = []
    /// Argument vectors of consumers that the broker does not start itself; one for each board.
    var consumers: [[String]] = []
    /// Behind the start of the servers, before the consumers: streams, groups.
    var prepare: (() throws -> Void)?
    /// Has the broker start its programs, by one message without a number, as peers' consumers are connected before, too.
    var warmUp: (() throws -> Void)?
    var publisher: [String]
    var hasSenderAcks = false
    /// Whether the consumers say when they are ready (programs for a single message don't).
    var waitsForReady = true
    /// How many deliveries were acked, as the broker says, behind the last receipt.
    var serviceAcks: (() throws -> Int)?
}
