// SPDX-License-Identifier: Apache-2.0
/// Starts another supervisor that is to take over from this one: not our child, but our sibling, so that whoever started us
/// sees its end.
///
/// Used by the Supervisor, which then speaks with it through the channel.
/// Invariant: what runs is the file that was opened, whatever its path names by now; it gets what SupervisorParts asks for,
/// by name, and duplicates only: nothing that it does with a descriptor takes it from us.

internal import LinuxIO

struct SuccessorLauncher {
    struct Started: ~Copyable {
        let process: ProcessDescriptor
        let channel: HandOverChannel
    }

    /// What the successor gets beside what belongs to us alone.
    private(set) var names: [String] = []
    private var sources: [CInt] = []

    mutating func add(_ name: String, _ raw: CInt) {
        names.append(name)
        sources.append(raw)
    }

    /// Page and bell, which belong to the role whatever process has them.
    mutating func add(_ desk: RoleDesk) {
        let name = desk.role.worker.map(String.init) ?? desk.role.description
        add("page-\(name)", desk.pageFile.descriptor.raw)
        add("bell-\(name)", desk.bell.raw)
    }

    /// - Parameters: `image`: the executable, open. `arguments`: all of them, the program's own name first.
    func launch(_ image: CInt, _ arguments: [String]) throws -> Started {
        guard CurrentProcess.pid != 1 else {
            throw StartFault(
                "belfryd is process 1 of its container, which nobody can take over from; have the container start an "
                    + "init (docker run --init), or restart the container")
        }
        var ours: SeqPacketChannel?
        var theirs: SeqPacketChannel?
        try SeqPacketChannel.pair().split { first, second in
            ours = consume first
            theirs = consume second
        }
        guard let near = ours.take(), let far = theirs.take() else { throw StartFault("channel") }
        let sources = [image, far.raw] + self.sources
        let first: CInt = 3
        let request = LaunchRequest(
            // Where the image lies among the child's descriptors: at no path that could name another file by then.
            path: "/proc/self/fd/\(first)", arguments: arguments, environment: CurrentProcess.environment(),
            descriptors: [(0, 0), (1, 1), (2, 2)] + sources.enumerated().map { ($1, first + CInt($0)) },
            listenNames: ["image", "handover"] + names, processGroup: false, asSibling: true)
        return Started(
            process: try LaunchPlan(request).launch(), channel: HandOverChannel(owning: near.takeDescriptor()))
    }
}
