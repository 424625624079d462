// SPDX-License-Identifier: Apache-2.0
/// The way out of `belfry send`: native TCP or datagrams, behind the same verbs.
///
/// Used by SendVerb.
/// Invariant: what is refused is handed over in the order in which it was found out, each once.

internal import BelfryClient

enum Outlet {
    case stream(NativeSender)
    case datagrams(DatagramSender)

    /// `timeout` in nanoseconds; for TCP alone.
    init(_ endpoint: Endpoint, udp: Bool, timeout: UInt64) throws(SendError) {
        if udp {
            self = .datagrams(try DatagramSender(host: endpoint.host, port: endpoint.port))
        } else {
            self = .stream(
                try NativeSender(host: endpoint.host, port: endpoint.port, timeout: timeout) {
                    Output.error("belfry: \($0); connecting again to send the rest")
                })
        }
    }

    /// How many the broker has answered; nil where nobody answers.
    var finished: UInt64? {
        switch self {
        case .stream(let sender): sender.finished
        case .datagrams: nil
        }
    }

    func send(_ topic: [UInt8], _ body: [UInt8], refused: (RefusedMessage) -> Void) throws(SendError) {
        switch self {
        case .stream(let sender): try sender.send(topic: topic, body: body)
        case .datagrams(let sender): try sender.send(topic: topic, body: body)
        }
        hand(over: refused)
    }

    /// Waits until the broker has answered for everything.
    func finish(refused: (RefusedMessage) -> Void) throws(SendError) {
        if case .stream(let sender) = self { try sender.finish() }
        hand(over: refused)
    }

    private func hand(over refused: (RefusedMessage) -> Void) {
        switch self {
        case .stream(let sender):
            for message in sender.refused { refused(message) }
            sender.refused.removeAll()
        case .datagrams(let sender):
            for message in sender.refused { refused(message) }
            sender.refused.removeAll()
        }
    }
}
