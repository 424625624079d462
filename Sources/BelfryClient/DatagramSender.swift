// SPDX-License-Identifier: Apache-2.0
/// Sends notifications by UDP, one native frame in a datagram. Nobody answers: what the kernel or a full ring drops
/// is gone, and counted on the other side.
///
/// Used by `belfry send --udp`.
/// Invariant: a datagram holds exactly one whole frame.

internal import LinuxIO
internal import Wire

package final class DatagramSender {
    /// What UDP over IPv4 can carry.
    private static let longest = 65_507

    private let socket: Descriptor
    private let address: String
    private let poller: Poller
    private var number: UInt64 = 0

    /// What could not be sent as a frame.
    package var refused: [RefusedMessage] = []

    package init(host: String, port: UInt16) throws(SendError) {
        let addresses: [SocketAddress]
        do {
            addresses = try SocketNames.resolve(host, port: port)
        } catch {
            throw .unresolved(error)
        }
        // The resolver's first answer: a datagram that arrives nowhere does not say so.
        address = addresses.first.map { "\($0)" } ?? host
        do throws(SystemCallError) {
            guard let first = addresses.first else { throw SystemCallError(call: "resolve", code: 0) }
            socket = try Sockets.udpConnect(first)
            poller = try Poller(capacity: 1)
            try poller.add(socket.raw, token: 0, events: .writable)
        } catch {
            throw .unreachable(address: address, reason: error)
        }
    }

    package func send(topic: [UInt8], body: [UInt8]) throws(SendError) {
        number += 1
        var frame: [UInt8] = []
        NativeFrame.appendPublish(number: number, topic: topic.span, body: body.span, to: &frame)
        if let refusal = Topic.check(topic.span) {
            return refused.append(RefusedMessage(number: number, refusal))
        }
        guard frame.count <= Self.longest else {
            let sentence = "\(body.count) bytes do not fit a UDP datagram; send without --udp"
            return refused.append(
                RefusedMessage(number: number, code: Refusal.tooLarge.code, sentence: sentence))
        }
        do throws(SystemCallError) {
            while try !Sockets.send(socket.raw, frame.span) { _ = try poller.wait(timeoutNanoseconds: 1_000_000_000) }
        } catch {
            throw .unreachable(address: address, reason: error)
        }
    }
}
