// SPDX-License-Identifier: Apache-2.0

package import Control
package import LinuxIO
package import Ring
package import Settings
import Wire

/// Everything that an acceptor is made of, opened and mapped: what differs between a role process and a test.
///
/// AcceptorRole makes it from inherited descriptors.
/// Invariant: all of it belongs to the same ring.
package struct AcceptorParts: ~Copyable {
    package let intake: Intake
    package let counters: PageCounters
    package let control: ControlReader
    package let workers: WorkerBells
    package let bell: EventCounter
    package let committerBell: EventCounter?
    package let channel: RoleChannel
    package let udp: Descriptor?
    package let tcp: Descriptor?
    package let limits: ConnectionLimits
    package let maxConnections: Int
    let gathering: Gathering
    package let settingsVersion: UInt64
    /// By name, the places of the services that may get something.
    let slots: [String: Int]

    package init(
        settings: Settings, producer: RingProducer, control: consuming ControlReader, counters: PageCounters,
        workers: WorkerBells, bell: consuming EventCounter, committerBell: consuming EventCounter? = nil,
        channel: consuming RoleChannel, udp: consuming Descriptor?, tcp: consuming Descriptor?
    ) throws {
        intake = Intake(producer: producer, router: try Router(settings), maxMessage: settings.port.maxMessage)
        limits = ConnectionLimits(settings.port)
        settingsVersion = settings.version
        slots = settings.activeSlots
        maxConnections = settings.port.maxConnections
        gathering = Gathering(settings.port.gather)
        self.counters = counters
        self.control = control
        self.workers = workers
        self.bell = bell
        self.committerBell = committerBell
        self.channel = channel
        self.udp = udp
        self.tcp = tcp
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
