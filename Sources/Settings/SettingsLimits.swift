// SPDX-License-Identifier: Apache-2.0
/// The bounds of every number in the settings, told once.
///
/// SettingsFile refuses what lies outside in the operator's words; SettingsImage refuses it as corrupt, so that a
/// role may size its memory by these. The ring's layout fixes services, shards and workers at 64.
/// Invariant: every default of `Settings` lies inside.

package enum SettingsLimits {
    package static let services = 64
    package static let workers = 1...64
    package static let shards = 1...64
    package static let concurrency = 1...1024
    package static let inFlight = 1...16_384
    /// Places in the in-flight tables of all shards of all services: fixed by the ring's layout.
    package static let tableEntries = 131_072
    /// Bytes: the 107 of a Unix socket's address, less what the name has more while the socket is being made.
    package static let socketPath = 103
    package static let attempts = 1...1_000_000
    /// Per cent: beyond it a back-off could be none at all.
    package static let jitter = 0...90
    /// Bytes that may wait for a service.
    package static let retain = (64 << 10)...(1 << 50)
    package static let maxConnections = 1...1_000_000
    /// Bytes: at least a page of datagrams, at most what one memory file may sensibly hold.
    package static let ringSize = (64 << 10)...(64 << 30)
    package static let maxMessage = 1...(1 << 30)
    package static let receiveBuffer = 4096...(1 << 30)
    /// What comes meanwhile must fit into the kernel's queues, and whoever rings the acceptor must wait for it.
    package static let gather = Duration.zero...Duration.milliseconds(10)
    /// A record must leave room for others: design of the ring, "max-message <= arena / 4".
    package static let arenaShare = 4
    package static let shortest = Duration.milliseconds(1)
    package static let longest = Duration.seconds(366 * 24 * 3600)
    package static let times = shortest...longest
    package static let zeroOrMore = Duration.zero...longest
    package static let nameBytes = 1...64
    package static let topicsPerService = 1...256
    package static let wordsPerCommand = 1...1024
    package static let variables = 256
    package static let groups = 1024
    package static let rlimits = 16
    /// Bytes of one path, word or variable.
    package static let text = 128 << 10
}
