// SPDX-License-Identifier: Apache-2.0
/// What a supervisor has of the successor that takes over from it: its process and channel, what it has started, and which of our own children have ended meanwhile.
///
/// Held by the Supervisor from the successor's start until its failure is undone, or we end; what is done with it is in
/// Supervisor+HandOver.
/// Invariant: deaths that came while the successor acted stand here, in their order, until we act again.

internal import LinuxIO
internal import Reactor
internal import Wire

final class HandOver {
    /// A process that the successor has started.
    final class Launched {
        let party: HandOverMessage.Party
        private let process: ProcessDescriptor

        init(_ party: HandOverMessage.Party, _ descriptor: consuming Descriptor) {
            self.party = party
            process = ProcessDescriptor(pid: party.pid, owning: descriptor)
        }

        /// Whether it is dead, and if it was a worker, nothing is left of what it had started; kills what is.
        func isBuried() -> Bool {
            guard process.hasEnded() else { return false }
            return party.role?.worker == nil || !Orphans.killStrangers(session: party.pid)
        }
    }

    let process: ProcessDescriptor
    let channel: HandOverChannel
    var plan: HandOverPlan
    var watch: Watch?
    var endWatch: Watch?
    var launched: [Launched] = []
    /// That its acceptor has taken over.
    var connections: UInt32 = 0
    /// Our children that ended while we did not act.
    var deaths: [(pid: CInt, status: ExitStatus)] = []
    /// We are to end as soon as we act again.
    var endAsked: (why: String, who: String)?
    /// When the step that is under way began, monotonic nanoseconds.
    var since: UInt64

    init(_ started: consuming SuccessorLauncher.Started, _ plan: HandOverPlan, at now: UInt64) {
        process = started.process
        channel = started.channel
        self.plan = plan
        since = now
    }

    /// What there is to be written down of this; the keeper is the successor's by now.
    func send(record: KeptNote) {
        guard let file = try? MemoryFile.holding(Array(record.detail.utf8).span, named: "belfry-record") else { return }
        _ = channel.send(.record, passing: file.descriptor.raw)
    }
}
