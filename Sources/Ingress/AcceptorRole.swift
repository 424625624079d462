// SPDX-License-Identifier: Apache-2.0

import Control
import HotRestart
import LinuxIO
import Logging
import Ring
import Settings

/// The entry of a process that belfryd's supervisor started as `belfryd acceptor`.
///
/// It takes what it was handed by name, gives up the rights that it will not need, and serves the port until the
/// supervisor ends it.
/// Invariant: descriptors it does not know are an error; untrusted bytes are looked at only behind the loss of rights.
package enum AcceptorRole {
    /// - Returns: the exit code: 0 after a drain or a stop, 1 if it can't start or go on.
    package static func run() -> CInt {
        do {
            CurrentProcess.setName("belfryd-acceptor")
            Signal.ignoreBrokenPipes()
            // A terminal or a service manager may tell the whole group to end; here the supervisor alone decides.
            _ = try SignalDescriptor(blocking: [Signal.terminate, Signal.interrupt, Signal.hangup])
            // A connection is a descriptor; where the limit is low all the same, the listener copes.
            _ = try CurrentProcess.raiseDescriptorLimit()
            let acceptor = try Acceptor(try parts())
            try CurrentProcess.forbidNewRights()
            try acceptor.begin()
            while true {
                switch try acceptor.step() {
                case .running: continue
                case .ended: return 0
                case .orphaned: return 1
                }
            }
        } catch {
            Logger(label: "belfryd.acceptor").critical("\(error)")
            return 1
        }
    }

    private static func parts() throws -> AcceptorParts {
        let inherited = try InheritedDescriptors.adopt()
        let settings = try Settings(mapping: inherited.require("settings"))
        let control = try inherited.require("control")
        let page = try inherited.require("page")
        let producer = try RingProducer(
            control: ControlReader(MemoryFile.map(control.raw, writable: false)),
            log: map("log", inherited, writable: true), outcomes: map("outcomes", inherited),
            page: ProcessPage(MemoryFile.map(page.raw, writable: true)),
            committerPage: CommitterPage(map("committer-page", inherited)))
        let parts = try AcceptorParts(
            settings: settings, producer: producer,
            control: ControlReader(MemoryFile.map(control.raw, writable: false)),
            counters: PageCounters(ProcessPage(MemoryFile.map(page.raw, writable: true))),
            workers: try workers(inherited),
            bell: EventCounter(owning: try inherited.require("bell")),
            committerBell: EventCounter(owning: try inherited.require("committer-bell")),
            channel: RoleChannel(owning: try inherited.require("channel")),
            udp: inherited.take("udp", .udp), tcp: inherited.take("tcp", .tcpListener))
        // Held until the process ends, as its name says; the lock goes with the descriptor.
        _ = try inherited.require("fence").release()
        try inherited.finish()
        return parts
    }

    /// The descriptor must live until the mapping is made, and is not needed behind it.
    private static func map(
        _ name: String, _ inherited: InheritedDescriptors, writable: Bool = false
    ) throws -> MappedMemory {
        let descriptor = try inherited.require(name)
        return try MemoryFile.map(descriptor.raw, writable: writable)
    }

    /// Pages and bells of workers 0, 1, … as far as they go.
    private static func workers(_ inherited: InheritedDescriptors) throws -> WorkerBells {
        let workers = WorkerBells()
        for index in 0..<inherited.names.count(where: { $0.hasPrefix("page-") }) {
            workers.set(page: try ProcessPage(map("page-\(index)", inherited)), at: index)
            workers.set(bell: EventCounter(owning: try inherited.require("bell-\(index)")), at: index)
        }
        workers.settle()
        return workers
    }
}
