// SPDX-License-Identifier: Apache-2.0
/// The way out of `belfry send`: native TCP or datagrams, behind the same verbs.
///
/// Used by SendVerb.
/// Invariant: what was sent and what was accepted are told again and again while it waits, not only when it goes on.

internal import BelfryClient

final class Outlet {
    private enum Way {
        case stream(BlockingPublisher)
        case datagrams(DatagramPublisher)
    }

    /// Called now and then while the broker lets us wait.
    var waiting: () -> Void = {}

    private static let interval = Duration.milliseconds(100)

    private let way: Way
    private var batch: [DatagramPublisher.Message] = []

    /// `timeout` is for TCP alone.
    init(_ endpoint: Endpoint, udp: Bool, timeout: Duration?) throws(PublishError) {
        if udp {
            way = .datagrams(try DatagramPublisher(to: endpoint))
        } else {
            var options = PublishOptions()
            options.timeout = timeout
            options.onReconnect = { Output.error("belfry: \($0); connecting again to send the rest") }
            way = .stream(try BlockingPublisher(to: endpoint, options: options))
        }
    }

    /// How many the broker has accepted; nil where nobody answers.
    var accepted: UInt64? {
        switch way {
        case .stream(let publisher): publisher.counts.accepted
        case .datagrams: nil
        }
    }

    func send(_ topic: String, _ body: [UInt8]) throws(PublishError) {
        switch way {
        case .stream(let publisher):
            try patiently { () throws(PublishError) in
                try publisher.send(topic: topic, body: body, within: Self.interval)
            }
        case .datagrams(let publisher):
            try DatagramPublisher.check(topic: topic, body: body)
            batch.append(DatagramPublisher.Message(topic: topic, body: body))
            if batch.count == 64 { try send(&batch, through: publisher) }
        }
    }

    /// Waits until the broker has answered for everything.
    func flush() throws(PublishError) {
        switch way {
        case .stream(let publisher):
            try patiently { () throws(PublishError) in try publisher.flush(within: Self.interval) }
        case .datagrams(let publisher): try send(&batch, through: publisher)
        }
    }

    private func send(
        _ batch: inout [DatagramPublisher.Message], through publisher: DatagramPublisher
    ) throws(PublishError) {
        try publisher.send(batch)
        batch.removeAll(keepingCapacity: true)
    }

    /// A call whose time is over has changed nothing: it can be made again.
    private func patiently(_ call: () throws(PublishError) -> Void) throws(PublishError) {
        while true {
            do throws(PublishError) {
                return try call()
            } catch .timedOut {
                waiting()
            }
        }
    }
}

extension Failure {
    /// With what a user of the command can do about it.
    init(_ error: PublishError) {
        switch error {
        case .unresolved(let host, let reason):
            self.init("\(host): \(reason); --to HOST:PORT names another place")
        case .unreachable(let address, let reason):
            self.init("\(address): \(reason); is belfryd running there? --to HOST:PORT names another place")
        case .stalled(let address, let timeout, unanswered: 0):
            self.init(
                "\(address): nobody answered for \(timeout.components.seconds) s; is it belfryd that listens there? "
                    + "--to HOST:PORT names another place")
        case .stalled(let address, let timeout, let unanswered):
            self.init(
                "\(address): nothing was accepted for \(timeout.components.seconds) s, \(unanswered) notifications have "
                    + "no answer; see belfry status for whether the ring is full; --timeout SECONDS waits longer")
        default: self.init("\(error)")
        }
    }
}
