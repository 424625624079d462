// SPDX-License-Identifier: Apache-2.0

import Control
import HotRestart
import LinuxIO
import Ring
import Settings

/// What an acceptor's process is handed by name, opened and mapped, before it acts on any of it.
///
/// Made by AcceptorRole. With a predecessor that lives the role of the producer passes later than the memory is mapped:
/// hence `parts` comes apart from `take`.
/// Invariant: descriptors that it does not know are an error.
struct AcceptorInheritance: ~Copyable {
    private let settings: Settings
    private let control: Descriptor
    private let log: MappedMemory
    private let outcomes: MappedMemory
    private let page: Descriptor
    private let committerPage: CommitterPage
    private let workers: WorkerBells
    private let bell: EventCounter
    private let committerBell: EventCounter
    let channel: RoleChannel
    private let udp: Descriptor?
    private let tcp: Descriptor?

    static func take(_ inherited: InheritedDescriptors) throws -> AcceptorInheritance {
        let inheritance = try AcceptorInheritance(
            settings: Settings(mapping: inherited.require("settings")), control: inherited.require("control"),
            log: map("log", inherited, writable: true), outcomes: map("outcomes", inherited),
            page: inherited.require("page"), committerPage: CommitterPage(map("committer-page", inherited)),
            workers: workers(inherited), bell: EventCounter(owning: inherited.require("bell")),
            committerBell: EventCounter(owning: inherited.require("committer-bell")),
            channel: RoleChannel(owning: inherited.require("channel")), udp: inherited.take("udp", .udp),
            tcp: inherited.take("tcp", .tcpListener))
        // Held until the process ends, as its name says; the lock goes with the descriptor.
        _ = try inherited.require("fence").release()
        try inherited.finish()
        return inheritance
    }

    /// Attaches to the ring as its producer. Nobody else may be one.
    consuming func parts() throws -> AcceptorParts {
        let producer = try RingProducer(
            control: ControlReader(MemoryFile.map(control.raw, writable: false)), log: log, outcomes: outcomes,
            page: ProcessPage(MemoryFile.map(page.raw, writable: true)), committerPage: committerPage)
        return try AcceptorParts(
            settings: settings, producer: producer,
            control: ControlReader(MemoryFile.map(control.raw, writable: false)),
            counters: PageCounters(ProcessPage(MemoryFile.map(page.raw, writable: true))), workers: workers, bell: bell,
            committerBell: committerBell, channel: channel, udp: udp, tcp: tcp)
    }

    /// The descriptor must live until the mapping is made, and is not needed behind it.
    private static func map(
        _ name: String, _ inherited: InheritedDescriptors, writable: Bool = false
    ) throws -> MappedMemory {
        let descriptor = try inherited.require(name)
        return try MemoryFile.map(descriptor.raw, writable: writable)
    }

    /// Pages and bells of workers, whatever indices they have.
    private static func workers(_ inherited: InheritedDescriptors) throws -> WorkerBells {
        let workers = WorkerBells()
        for index in inherited.names.compactMap({ $0.hasPrefix("page-") ? Int($0.dropFirst(5)) : nil }) {
            workers.set(page: try ProcessPage(map("page-\(index)", inherited)), at: index)
            workers.set(bell: EventCounter(owning: try inherited.require("bell-\(index)")), at: index)
        }
        workers.settle()
        return workers
    }
}
