// SPDX-License-Identifier: Apache-2.0
/// Which service of a new configuration is which of the running one: by its name, else by `renamed-from`.
///
/// Used by SettingsDifference and SlotTable, so that what is told is what is done. Pure.
/// Invariant: a running service is paired once at most.

internal import Settings

struct ServicePairs {
    /// The new services in their order, each with what it was.
    private(set) var new: [(new: Settings.Service, old: Settings.Service?)] = []
    /// Those that are in the new configuration no more.
    private(set) var removed: [Settings.Service] = []

    init(running: [Settings.Service], new services: [Settings.Service]) {
        let names = Set(services.map(\.name))
        var left = Dictionary(running.map { ($0.name, $0) }) { first, _ in first }
        for service in services {
            var old = left.removeValue(forKey: service.name)
            // A name that is still in use was not given up.
            if old == nil, let former = service.renamedFrom, !names.contains(former) {
                old = left.removeValue(forKey: former)
            }
            new.append((service, old))
        }
        removed = running.filter { left[$0.name] != nil }
    }
}
