// SPDX-License-Identifier: Apache-2.0
/// A program made ready to be started any number of times. Prepared once per service by Delivery and once per role by
/// Supervision: every string is built beforehand, so that a launch only replaces a few values and clones.
/// Launch from a thread that stays: the parent-death signal follows the thread, not the process.
/// Invariant: between launches the child's argument and environment tables are complete and end in null; and what this
/// process does with signals is settled before it makes a plan.

internal import CLinux
internal import Glibc

@safe package final class LaunchPlan {
    private let path: CStringTable
    private let arguments: CStringTable
    private let environment: CStringTable
    private let directory: CStringTable?
    private let variables: [(index: Int, prefix: Int)]
    private let listenPID: Int?
    private var descriptors: [belfry_descriptor]
    private let limits: [belfry_limit]
    private let request: LaunchRequest
    private let null: Descriptor
    /// What the child has to set back: few, where all of them would be a tenth of a launch.
    private let unusualSignals = belfry_unusual_signals()

    /// `variables` are names of environment variables whose values are set anew for each launch; empty until then.
    package init(_ request: LaunchRequest, variables names: [String] = []) throws(SystemCallError) {
        precondition(!request.asSibling || request.parentDeathSignal == nil, "a sibling's parent is not its launcher")
        self.request = request
        path = CStringTable([request.path])
        arguments = CStringTable(request.arguments)
        directory = request.directory.map { CStringTable([$0]) }
        var lines = request.environment
        variables = names.map { name in
            lines.append(name + "=")
            return (lines.count - 1, name.utf8.count + 1)
        }
        listenPID = LaunchPlan.appendListenLines(request.listenNames, to: &lines)
        environment = CStringTable(lines)
        limits = request.limits.map { belfry_limit(resource: $0.resource, soft: $0.soft, hard: $0.hard) }
        null = Descriptor(owning: try systemCall("open /dev/null") { unsafe open("/dev/null", O_RDWR | O_CLOEXEC) })
        descriptors = LaunchPlan.complete(request.descriptors, null: null.raw)
    }

    /// Sets the variable of that place in `variables`. The value must hold no zero byte, which would cut it off.
    package func setVariable(_ place: Int, to value: borrowing Span<UInt8>) {
        environment.replace(variables[place].index, keeping: variables[place].prefix, with: value)
    }

    /// From now on the child's `target`, which must stand in the request (or be 0-2), is our `source`.
    package func setDescriptor(_ target: CInt, to source: CInt) {
        guard let place = descriptors.firstIndex(where: { $0.target == target }) else {
            preconditionFailure("descriptor \(target) is not part of the plan")
        }
        descriptors[place].source = source
    }

    /// Starts the program. When this returns, it has been executed: what it does from there on is its own.
    package func launch() throws(LaunchError) -> ProcessDescriptor {
        var launch = unsafe belfry_launch()
        var descriptor: CInt = -1
        let pid = unsafe withTables(&launch) { unsafe belfry_launch(&$0, &descriptor) }
        guard pid > 0 else {
            throw unsafe LaunchError(step: LaunchError.step(launch.failed_step), code: launch.failed_errno)
        }
        return ProcessDescriptor(pid: pid, owning: descriptor)
    }

    /// Fills in the addresses of what this plan owns, for the time of the call.
    private func withTables(_ launch: inout belfry_launch, _ body: (inout belfry_launch) -> CInt) -> CInt {
        // Holds: the tables belong to this plan and are not replaced during the call; the arrays are pinned by the
        // closures, and the child has its own copy of all of it from execve on.
        unsafe descriptors.withUnsafeBufferPointer { descriptors in
            unsafe limits.withUnsafeBufferPointer { limits in
                unsafe (request.credentials?.groups ?? []).withUnsafeBufferPointer { groups in
                    unsafe launch.path = UnsafePointer(path.address(0, offset: 0))
                    unsafe launch.arguments = UnsafePointer(arguments.pointers)
                    unsafe launch.environment = UnsafePointer(environment.pointers)
                    if let directory { unsafe launch.directory = UnsafePointer(directory.address(0, offset: 0)) }
                    if let listenPID { unsafe launch.listen_pid = environment.address(listenPID, offset: 11) }
                    unsafe launch.descriptors = descriptors.baseAddress
                    unsafe launch.descriptor_count = descriptors.count
                    unsafe launch.limits = limits.baseAddress
                    unsafe launch.limit_count = limits.count
                    unsafe launch.groups = groups.baseAddress
                    unsafe launch.group_count = groups.count
                    unsafe fillScalars(&launch)
                    return unsafe body(&launch)
                }
            }
        }
    }

    private func fillScalars(_ launch: inout belfry_launch) {
        if let credentials = request.credentials {
            unsafe launch.set_credentials = 1
            unsafe launch.user = credentials.user
            unsafe launch.group = credentials.group
        }
        unsafe launch.new_process_group = request.processGroup ? 1 : 0
        unsafe launch.as_sibling = request.asSibling ? 1 : 0
        unsafe launch.death_signal = request.parentDeathSignal ?? 0
        unsafe launch.unusual_signals = unusualSignals
    }

    /// The place of LISTEN_PID, with room for any pid: only the child knows its own.
    private static func appendListenLines(_ names: [String]?, to lines: inout [String]) -> Int? {
        guard let names else { return nil }
        lines.append("LISTEN_FDS=\(names.count)")
        lines.append("LISTEN_FDNAMES=\(names.joined(separator: ":"))")
        lines.append("LISTEN_PID=0000000000")
        return lines.count - 1
    }

    /// Sorted by target, with /dev/null for those of 0-2 that nobody named.
    private static func complete(_ pairs: [(source: CInt, target: CInt)], null: CInt) -> [belfry_descriptor] {
        var all = pairs.map { belfry_descriptor(source: $0.source, target: $0.target) }
        for target: CInt in 0...2 where !all.contains(where: { $0.target == target }) {
            all.append(belfry_descriptor(source: null, target: target))
        }
        all.sort { $0.target < $1.target }
        precondition(zip(all, all.dropFirst()).allSatisfy { $0.target < $1.target }, "a target stands twice")
        return all
    }
}
