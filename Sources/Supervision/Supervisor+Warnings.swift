// SPDX-License-Identifier: Apache-2.0
/// What an operator should do something about now: datagrams that the kernel drops, connections that are refused.
///
/// Part of the Supervisor: looked for on each tick of the watchdog and before each report.
/// Invariant: what begins is one line in the log and one incident; `status` tells of it as long as it lasts.

internal import Control
internal import LinuxIO
internal import Ring

extension Supervisor {
    func sampleDrops() {
        guard let raw = port.udp?.raw, let counter = try? SocketFacts.drops(of: raw) else { return }
        guard drops.sample(counter, at: Clock.monotonic()), let words = dropWarning else { return }
        warn(words)
    }

    func sampleRefused() {
        let acceptor = desks[Role.acceptor.place]
        for index in refused.indices {
            let counter = acceptor.page.counter(refused[index].reason.rawValue)
            guard refused[index].sample(counter, at: Clock.monotonic()) else { continue }
            if let words = warning(of: refused[index]) { warn(words) }
        }
    }

    var warnings: [String] { [dropWarning].compactMap { $0 } + refused.compactMap(warning(of:)) }

    private var dropWarning: String? {
        drops.warning(at: Clock.monotonic(), wanted: settings.port.receiveBuffer, granted: port.smallBuffer)
    }

    private func warning(of refused: RefusedConnections) -> String? {
        // The roles have raised theirs to the same.
        let descriptors = (try? ResourceLimit.get(.descriptors))?.hard ?? 0
        return refused.warning(
            at: Clock.monotonic(), limit: settings.port.maxConnections, descriptors: descriptors)
    }

    private func warn(_ words: String) {
        log.warning("\(words)")
        note(.overload, "acceptor", words)
    }
}
