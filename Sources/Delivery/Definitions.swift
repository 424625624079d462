// SPDX-License-Identifier: Apache-2.0
/// The services' definitions as a worker needs them: found by slot and incarnation, never by name, so that a service that
/// was renamed is the same, and one that took a freed slot is not.
///
/// Made of each settings image, held by GrantedShards.
/// Invariant: every definition in it has a placement.

import Ring
import Settings

struct Definitions {
    private struct Key: Hashable {
        let slot: Int
        let incarnation: UInt64
    }

    private let services: [Key: Settings.Service]

    init(_ settings: Settings) {
        var services: [Key: Settings.Service] = [:]
        for service in settings.services {
            guard let placement = service.placement else { continue }
            services[Key(slot: placement.slot, incarnation: placement.incarnation)] = service
        }
        self.services = services
    }

    /// What a lease's service is to be served by.
    func definition(of lease: ShardLease) -> Settings.Service? {
        services[Key(slot: lease.slotIndex, incarnation: lease.slot.incarnation)]
    }
}

extension Settings.Service {
    /// Whether a process that was started by the other definition is one of this definition, too.
    func runs(as other: Settings.Service) -> Bool {
        name == other.name && mode == other.mode && framing == other.framing && command == other.command
            && directory == other.directory && environment == other.environment && credentials == other.credentials
            && limits == other.limits
    }
}
