// SPDX-License-Identifier: Apache-2.0
/// What a belfryd has of its successors while it gives way through the store: the one that is being started, and the plan.
///
/// Held by the Supervisor from the moment at which everything is stored until it ends; what is done with it is in
/// Supervisor+Passage. And what the successor has of us.
/// Invariant: of the former life only locks and sockets go over; everything else is in the state folder.

internal import LinuxIO
internal import Reactor
internal import Wire

final class StorePassage {
    /// One that was started, and how we hear of it.
    final class Successor {
        let process: ProcessDescriptor
        let channel: HandOverChannel
        var watch: Watch?
        var endWatch: Watch?

        init(_ started: consuming SuccessorLauncher.Started) {
            process = started.process
            channel = started.channel
        }
    }

    var plan: PassagePlan
    var successor: Successor?
    /// Who asked is answered, and nothing is left to be done.
    var isDone = false

    init(_ plan: PassagePlan) { self.plan = plan }

    func send(record: KeptNote) {
        guard let file = try? MemoryFile.holding(Array(record.detail.utf8).span, named: "belfry-record") else { return }
        _ = successor?.channel.send(.record, passing: file.descriptor.raw)
    }
}

/// Who has stored everything for us, until it has told us that we are the service.
final class Forerunner {
    let channel: HandOverChannel
    var watch: Watch?

    init(_ channel: consuming HandOverChannel) { self.channel = channel }
}
