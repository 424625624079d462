// SPDX-License-Identifier: Apache-2.0
/// Starts the roles: the same executable again, with the role as its first argument and its descriptors by name.
///
/// Used by the Supervisor, from its one permanent thread: the parent-death signal follows the thread.
/// Invariant: a role gets what its name list says and nothing else; writable are its own regions alone. It is the file
/// that we ourselves run (/proc/self/exe), even if another lies at our path by now.

internal import Control
internal import LinuxIO

enum RoleLauncher {
    private struct Table {
        var names: [String] = []
        var sources: [CInt] = []

        mutating func add(_ name: String, _ source: CInt) {
            names.append(name)
            sources.append(source)
        }
    }

    /// - Parameters: `desks`: by place, and behind them those of former workers. `segments`: their folder. `fence`: the
    ///   process's own shared lock. `predecessor`: over which an acceptor takes over from the one that serves.
    static func launch(
        _ desk: RoleDesk, _ desks: [RoleDesk], _ regions: Regions, _ port: PortSockets,
        segments: borrowing Descriptor, fence: borrowing FileLock, predecessor: CInt? = nil, at now: UInt64
    ) throws -> RoleProcess {
        var ours: SeqPacketChannel?
        var theirs: SeqPacketChannel?
        try SeqPacketChannel.pair().split { first, second in
            ours = consume first
            theirs = consume second
        }
        guard let near = ours.take(), let far = theirs.take() else { throw StartFault("channel") }
        var table = Table()
        table.add("channel", far.raw)
        table.add("fence", fence.descriptor.raw)
        addCommon(desk, desks, regions, to: &table)
        switch desk.role {
        case .acceptor:
            addAcceptor(desks, port, to: &table)
            if let predecessor { table.add("predecessor", predecessor) }
        case .committer:
            table.add("segments", segments.raw)
            table.add("account", regions.accountReader.raw)
            addWorkers(desks, to: &table)
        case .worker: table.add("segments", segments.raw)
        }
        let process = try plan(desk.role, table).launch()
        return RoleProcess(process, RoleChannel(near), since: now, given: regions.version)
    }

    private static func plan(_ role: Role, _ table: Table) throws -> LaunchPlan {
        try LaunchPlan(
            LaunchRequest(
                path: "/proc/self/exe", arguments: ["belfryd"] + role.arguments,
                environment: LaunchEnvironment.forRoles,
                descriptors: [(1, 1), (2, 2)] + table.sources.enumerated().map { ($1, CInt($0) + 3) },
                listenNames: table.names,
                // Ctrl-C is for us alone. A worker makes itself a session, which a group's leader may not.
                processGroup: role == .acceptor, parentDeathSignal: Signal.kill))
    }

    /// The keeper, from beside our own executable.
    /// - Parameter notes: its end of the socket for what we want kept.
    static func launch(
        keeper executable: String, folder: String, notes: borrowing Descriptor, fence: borrowing FileLock,
        at now: UInt64
    ) throws -> RoleProcess {
        var ours: SeqPacketChannel?
        var theirs: SeqPacketChannel?
        try SeqPacketChannel.pair().split { first, second in
            ours = consume first
            theirs = consume second
        }
        guard let near = ours.take(), let far = theirs.take() else { throw StartFault("channel") }
        let sources = [far.raw, fence.descriptor.raw, notes.raw]
        let process = try LaunchPlan(
            LaunchRequest(
                path: executable, arguments: ["belfry", "keeper", folder], environment: LaunchEnvironment.forRoles,
                descriptors: [(1, 1), (2, 2)] + sources.enumerated().map { ($1, CInt($0) + 3) },
                listenNames: ["channel", "fence", "notes"], processGroup: true, parentDeathSignal: Signal.kill)
        ).launch()
        return RoleProcess(process, RoleChannel(near), since: now, given: 0)
    }

    private static func addCommon(_ desk: RoleDesk, _ desks: [RoleDesk], _ regions: Regions, to table: inout Table) {
        table.add("settings", regions.settingsReader.raw)
        table.add("control", regions.controlReader.raw)
        table.add("log", desk.role == .acceptor ? regions.ring.log.descriptor.raw : regions.logReader.raw)
        table.add(
            "outcomes", desk.role.worker == nil ? regions.outcomesReader.raw : regions.ring.outcomes.descriptor.raw)
        table.add("page", desk.pageFile.descriptor.raw)
        table.add("bell", desk.bell.raw)
        for other in Role.single where other != desk.role {
            table.add("\(other)-page", desks[other.place].pageReader.raw)
            table.add("\(other)-bell", desks[other.place].bell.raw)
        }
    }

    private static func addAcceptor(_ desks: [RoleDesk], _ port: PortSockets, to table: inout Table) {
        if let raw = port.udp?.raw { table.add("udp", raw) }
        if let raw = port.tcp?.raw { table.add("tcp", raw) }
        addWorkers(desks, to: &table)
    }

    private static func addWorkers(_ desks: [RoleDesk], to table: inout Table) {
        for desk in desks {
            guard let index = desk.role.worker else { continue }
            table.add("page-\(index)", desk.pageReader.raw)
            table.add("bell-\(index)", desk.bell.raw)
        }
    }
}
