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
    /// `ControlServer.answer` will be called with the ticket. The client's next request waits until then.
    case later
}

/// Which client waits for an answer.
struct ControlTicket: Hashable {
    let place: Int
    let number: UInt64
}

/// Who asks.
struct ControlAsker {
    let peer: PeerCredentials
    let ticket: ControlTicket
}
