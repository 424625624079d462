// SPDX-License-Identifier: Apache-2.0

import Control
import LinuxIO
import Reactor
import Ring

/// How the acceptor ends in good order: nothing new is taken, what the kernel has already is read, published and acked.
///
/// Part of Acceptor, begun by the supervisor's `drain`.
/// Invariant: it ends by its deadline, whatever peers do, and every ack that a peer takes is sent before.
extension Acceptor {
    func finish(_ deadline: UInt64, keepSocketQueue: Bool) throws {
        listener?.stop()
        if let udpWatch { loop.unwatch(udpWatch) }
        udpWatch = nil
        if !keepSocketQueue {
            // Whoever floods the port must leave time for what others have sent already.
            let now = Clock.monotonic()
            let share = (deadline - min(now, deadline)) / 4
            try listener?.acceptRest(into: connections, until: now + share)
            try readDatagrams(until: now + 2 * share)
        }
        connections.readRest(until: deadline) { settle() }
        settle()
        try sendAnswers(until: deadline)
        connections.closeAll()
        settle()
        _ = channel.send(.drained)
        if progress == .running { progress = .ended }
    }

    private func readDatagrams(until deadline: UInt64) throws(SystemCallError) {
        guard let raw = udp?.raw else { return }
        while try datagrams.receive(from: raw) > 0 {
            settle()
            if Clock.monotonic() >= deadline { return }
        }
    }

    private func sendAnswers(until deadline: UInt64) throws {
        while connections.hasUnsent, progress == .running, Clock.monotonic() < deadline {
            try sleep(until: deadline, isEnding: true)
            while let event = loop.nextEvent() { try handleWhileEnding(event) }
            while loop.nextDue() != nil {}
            connections.settle()
        }
    }
}
