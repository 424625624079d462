// SPDX-License-Identifier: Apache-2.0

package import Control
package import LinuxIO
package import Ring
package import Settings
import Wire

/// Everything that an acceptor is made of, opened and mapped: what differs between a role process and a test.
///
/// AcceptorRole makes it from inherited descriptors.
/// Invariant: all of it belongs to the same ring, and the router's slots are those of the services' names.
package struct AcceptorParts: ~Copyable {
    package let intake: Intake
    package let counters: PageCounters
    package let control: ControlReader
    package let workers: WorkerBells
    package let bell: EventCounter
    package let channel: RoleChannel
    package let udp: Descriptor?
    package let tcp: Descriptor?
    package let limits: ConnectionLimits
    package let maxConnections: Int

    package init(
        settings: Settings, producer: RingProducer, control: consuming ControlReader, counters: PageCounters,
        workers: WorkerBells, bell: consuming EventCounter, channel: consuming RoleChannel,
        udp: consuming Descriptor?, tcp: consuming Descriptor?
    ) throws {
        let router = try Self.router(settings, control)
        intake = Intake(producer: producer, router: router, maxMessage: settings.port.maxMessage)
        limits = ConnectionLimits(
            frame: settings.port.frameTimeout.nanoseconds, idle: settings.port.idleTimeout?.nanoseconds)
        maxConnections = settings.port.maxConnections
        self.counters = counters
        self.control = control
        self.workers = workers
        self.bell = bell
        self.channel = channel
        self.udp = udp
        self.tcp = tcp
    }

    /// The slots are those that the supervisor gave to the names.
    private static func router(_ settings: Settings, _ control: borrowing ControlReader) throws -> Router {
        var entries: [Router.Entry] = []
        for service in settings.services {
            guard let slot = try control.index(of: service.name) else {
                throw AcceptorError.noSlot(service.name)
            }
            entries.append(Router.Entry(slot: slot, patterns: try service.topics.map { try TopicPattern($0) }))
        }
        return Router(entries)
    }
}

/// What keeps an acceptor from starting, beside what the parts themselves throw.
package enum AcceptorError: Error, Equatable, CustomStringConvertible {
    case noSlot(String)

    package var description: String {
        switch self {
        case .noSlot(let name): "service \(name): the ring has no slot for it"
        }
    }
}
