// SPDX-License-Identifier: Apache-2.0
/// HOST:PORT as a user writes it.
///
/// Used by everything that publishes, and by `belfry send --to`.
/// Invariant: an IPv6 address stands in brackets, so that its colons and the port's can be told apart.

/// Where a broker listens: a host and a port, the same for TCP and UDP.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The broker of this machine on its usual port, 127.0.0.1:2355.
    public static let local = Endpoint(host: "127.0.0.1", port: 2355)

    /// A name, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// 1 to 65,535.
    public let port: UInt16

    /// Takes host and port as they are; a name is looked up when something is sent there.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `broker.example:2355`, `127.0.0.1:2355` or `[::1]:2355`; nil if host or port is missing, the port is 0, or
    /// an IPv6 address has no brackets.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    /// The text that `init(_:)` reads.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
