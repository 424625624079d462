// SPDX-License-Identifier: Apache-2.0
/// What a successor gets of us: descriptors by name, and our state.
///
/// Part of the Supervisor; SupervisorParts takes it apart again.
/// Invariant: it has everything that a supervisor needs, so that nothing of it has to be made or found anew.

internal import LinuxIO
internal import Wire

extension Supervisor {
    func launcher(_ state: borrowing Descriptor) throws -> SuccessorLauncher {
        guard let listener = control.listenerRaw else { throw StartFault("the control socket is not open") }
        var launcher = SuccessorLauncher()
        launcher.add("state", state.raw)
        launcher.add("settings", regions.settingsReader.raw)
        launcher.add("lock", folder.lockRaw)
        launcher.add("fence", folder.fenceRaw)
        launcher.add("segments", segments.raw)
        launcher.add("ring-control", regions.ring.control.descriptor.raw)
        launcher.add("ring-log", regions.ring.log.descriptor.raw)
        launcher.add("ring-outcomes", regions.ring.outcomes.descriptor.raw)
        launcher.add("control-listener", listener)
        if let raw = control.telnetRaw { launcher.add("telnet-listener", raw) }
        if let raw = port.udp?.raw { launcher.add("udp", raw) }
        if let raw = port.tcp?.raw { launcher.add("tcp", raw) }
        for desk in desks { launcher.add(desk) }
        return launcher
    }

    func stateFile() throws -> Descriptor {
        // If we die, the successor is to know what it came from.
        if let attempt { keepRecord(of: attempt) }
        return try MemoryFile.holding(handOverState().encoded.span, named: "belfry-state").takeDescriptor()
    }

    private func handOverState() throws -> HandOverState {
        if let raw = port.udp?.raw, let counter = try? SocketFacts.drops(of: raw) {
            _ = drops.sample(counter, at: Clock.monotonic())
        }
        tellAccount()
        var state = HandOverState(account: regions.account)
        state.generation = generation + 1
        state.file = file
        state.workerBase = Role.half - workerBase
        state.incarnations = regions.table.lastIncarnations
        state.dropsCounter = drops.counter
        state.paused = paused.sorted()
        state.startsParked = startsParked
        state.portIsInherited = port.isInherited
        state.began = began
        state.restarts = desks.map(\.restarts)
        state.keeperRestarts = keeper.restarts
        state.notes = notes.outbox.items
        state.recent = notes.recent.map(KeptNote.init)
        return state
    }
}
