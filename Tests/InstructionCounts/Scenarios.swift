// SPDX-License-Identifier: Apache-2.0
/// The scenarios by name.
///
/// Invariant: `baseline.txt` has a line for each but the last, `canary`.

enum Scenarios {
    private static let makers: [(name: String, make: @Sendable () throws -> any Scenario)] = [
        ("acceptor-udp", { try AcceptorDrive(DatagramFeed(Messages.bare, together: 1)) }),
        ("acceptor-udp-gro", { try AcceptorDrive(DatagramFeed(Messages.frame, together: 64)) }),
        ("acceptor-native", { try AcceptorDrive(StreamFeed(Messages.frame, isNative: true)) }),
        ("acceptor-syslog-udp", { try AcceptorDrive(DatagramFeed(Messages.syslog, together: 1)) }),
        ("acceptor-syslog-tcp", { try AcceptorDrive(StreamFeed(Messages.countedSyslog, isNative: false)) }),
        ("worker-frames", { try WorkerDrive(.frames) }),
        ("worker-lines", { try WorkerDrive(.lines) }),
        ("client-publish", { try PublisherDrive() }),
        ("client-datagrams", { try DatagramPublisherDrive() }),
        ("client-serve", { try ServiceDrive() }),
        ("canary", { Canary() }),
    ]

    static let names = makers.map(\.name)

    static func make(_ name: String) throws -> (any Scenario)? {
        try makers.first { $0.name == name }?.make()
    }
}
