// SPDX-License-Identifier: Apache-2.0

import Control
import LinuxIO
import Ring
import Settings
import Wire

/// How the acceptor goes over to new settings: between two batches, all at once.
///
/// Part of Acceptor. The supervisor sends the workers' pages and bells, then the settings; they wait for the end of the
/// round.
/// Invariant: where it stood is written down before the first record is routed by the new settings, and written down once
/// for each version, whoever dies: from there on slots begin and end.
extension Acceptor {
    /// What the supervisor has sent with a descriptor.
    func take(_ message: RoleMessage, _ descriptor: consuming Descriptor) throws {
        switch message {
        case .settings: coming = try Settings(mapping: descriptor)
        case .keeper: try replays.adopt(descriptor)
        case .handOver: successor = consume descriptor
        case .workerPage(let index):
            workers.set(page: try ProcessPage(MemoryFile.map(descriptor.raw, writable: false)), at: Int(index))
        case .workerBell(let index): workers.set(bell: EventCounter(owning: descriptor), at: Int(index))
        default: break
        }
    }

    /// Uses the settings that have come. To be called behind `settle`, when everything taken in is published.
    func goOver() throws {
        guard let settings = coming else { return }
        coming = nil
        let router = try Router(settings)
        writeDown(settings.version)
        FaultPoint.reach(.settingsWrittenDown)
        intake.goOver(to: router, maxMessage: settings.port.maxMessage)
        replays.goOver(to: settings.activeSlots)
        connections.goOver(to: ConnectionLimits(settings.port))
        listener?.limit = settings.port.maxConnections
        gathering = Gathering(settings.port.gather)
        settingsVersion = settings.version
        workers.settle()
        FaultPoint.reach(.acceptorWentOver)
        _ = channel.send(.applied(settingsVersion: settings.version))
    }

    /// Notes the published head as the one from which on these settings hold, unless a predecessor has done so.
    func writeDown(_ version: UInt64) {
        guard counters.page.settingsApplied != version else { return }
        counters.page.applied(settings: version, head: intake.producer.published)
    }
}
