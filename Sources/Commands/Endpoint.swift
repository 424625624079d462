// SPDX-License-Identifier: Apache-2.0
/// HOST:PORT as a user writes it.
///
/// Used by `belfry send --to`.
/// Invariant: an IPv6 address stands in brackets, so that its colons and the port's can be told apart.

struct Endpoint: Equatable {
    let host: String
    let port: UInt16

    init?(_ text: String) {
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
}
