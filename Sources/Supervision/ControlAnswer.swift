// SPDX-License-Identifier: Apache-2.0
/// What becomes of a request on the control socket: answered at once, with a descriptor, or later.
///
/// Given by the Supervisor to ControlServer for each line of a client.
/// Invariant: a ticket names one client, and none any more once that client is gone.

internal import LinuxIO

enum ControlAnswer {
    /// Whole lines, the last of them `ok` or an error.
    case now([UInt8])
    /// The same, with a descriptor that goes along with the first byte. It stays the answerer's.
    case withDescriptor([UInt8], CInt)
    /// The same, and the end of the connection behind it.
    case last([UInt8])
    /// The same, to one who has shown the token: it may do everything from now on.
    case unlocked([UInt8])
    /// `ControlServer.answer` will be called with the ticket. The client's next request waits until then.
    case later
}

/// Which client waits for an answer.
struct ControlTicket: Hashable {
    let place: Int
    let number: UInt64
}

/// Who is at the other end.
enum ControlPeer: Equatable {
    /// With all its groups.
    case process(PeerCredentials, groups: [UInt32])
    /// Somebody at an address.
    case telnet(String, hasToken: Bool)

    var host: String {
        switch self {
        case .process: "this machine"
        case .telnet(let address, _): String(address[..<(address.lastIndex(of: ":") ?? address.endIndex)])
        }
    }

    var isTelnet: Bool { if case .telnet = self { true } else { false } }

    /// For the log and the audit.
    var words: String {
        switch self {
        case .process(let credentials, _): "pid \(credentials.pid), user \(credentials.user)"
        case .telnet(let address, _): "telnet \(address)"
        }
    }
}

/// Who asks.
struct ControlAsker: Equatable {
    var peer: ControlPeer
    let ticket: ControlTicket
    /// A token is wanted of it, and it has not shown it: its line is one, and no request.
    var isLocked = false

    mutating func unlock() {
        isLocked = false
        if case .telnet(let address, _) = peer { peer = .telnet(address, hasToken: true) }
    }
}
