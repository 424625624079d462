// SPDX-License-Identifier: Apache-2.0

import LinuxIO
package import Settings
package import Wire

/// From settings to what the acceptor routes by.
///
/// Used at the acceptor's start and with each change of the settings.
/// Invariant: a service that retires is in no route.
extension Router {
    /// - Throws: AcceptorError if a service has no place in the ring; TopicPatternError.
    package init(_ settings: Settings) throws {
        var entries: [Entry] = []
        for service in settings.services {
            guard let placement = service.placement else { throw AcceptorError.noSlot(service.name) }
            guard placement.state == .active else { continue }
            entries.append(Entry(slot: placement.slot, patterns: try service.topics.map { try TopicPattern($0) }))
        }
        self.init(entries)
    }
}

extension Settings {
    /// Reads an image, as the supervisor hands it out.
    /// - Throws: SettingsImageError, SystemCallError.
    init(mapping file: consuming Descriptor) throws {
        let image = try MemoryFile.map(file.raw, writable: false)
        self = try image.withSpan(0, image.count) { try SettingsImage.decode($0) }
    }
}
