// SPDX-License-Identifier: Apache-2.0
/// Starts a service's program as its settings say. One per shard, used by its runner; every string but the metadata of
/// an exec message is built once.
///
/// The child gets its pipes, or a socket as descriptor 3 (`frames`), the log as what else it writes to, a process group
/// of its own, a clean signal mask, PATH, LANG and its own environment, and dies with the worker.
/// Invariant: nothing of a message becomes part of a command line or of a variable without the prefix `BELFRY_`.

import LinuxIO
import Reactor
import Settings

/// Why a service could not be launched, in the operator's words.
struct LaunchFailure: Error, Equatable {
    let words: String
}

final class ServiceLauncher {
    private static let ownLog: CInt = 2
    /// Where a `frames` service finds its socket; BELFRY_FD tells it.
    private static let socketTarget: CInt = 3
    private let service: Settings.Service
    private let plan: LaunchPlan

    init(_ service: Settings.Service, _ context: WorkerContext) throws(SystemCallError) {
        self.service = service
        let isExec = service.mode == .exec
        plan = try LaunchPlan(
            LaunchRequest(
                path: service.command[0], arguments: service.command,
                environment: Self.environment(of: service, beside: context.environment),
                directory: service.directory ?? "/",
                descriptors: Self.targets(of: service).map { (Self.ownLog, $0) },
                credentials: service.credentials.map {
                    LaunchRequest.Credentials(user: $0.uid, group: $0.gid, groups: $0.groups)
                },
                limits: context.limits + service.limits.map { ($0.resource, $0.soft, $0.hard) },
                processGroup: true, parentDeathSignal: Signal.kill),
            variables: isExec ? MessageVariable.allCases.map(\.name) : [])
    }

    /// The descriptors that it gets. Which of ours they are is said at each launch, but for the log.
    private static func targets(of service: Settings.Service) -> [CInt] {
        // Its standard input is /dev/null.
        service.usesFrames ? [1, 2, socketTarget] : [0, 1, 2]
    }

    /// The service's own variables go before ours, and none of them may pass for one of a message's.
    private static func environment(of service: Settings.Service, beside inherited: [String]) -> [String] {
        let reserved = Set(MessageVariable.allCases.map(\.name) + ["BELFRY_SERVICE", "BELFRY_FD"])
        let own = service.environment.filter { !reserved.contains($0.name) }
        let names = Set(own.map(\.name))
        let rest = inherited.filter { line in !names.contains(String(line.prefix { $0 != "=" })) }
        return rest + own.map { "\($0.name)=\($0.value)" } + ["BELFRY_SERVICE=\(service.name)"]
            + (service.usesFrames ? ["BELFRY_FD=\(socketTarget)"] : [])
    }

    func set(_ variable: MessageVariable, to value: borrowing Span<UInt8>) {
        plan.setVariable(variable.rawValue, to: value)
    }

    /// Starts a stream service's program with a pipe as its input and another one as its output, or with a socket.
    func launch(on loop: EventLoop, now: UInt64) throws(LaunchFailure) -> ServiceProcess {
        guard !service.usesFrames else { return try launchWithSocket(on: loop, now: now) }
        let input = try told { () throws(SystemCallError) in try Descriptor.pipe() }
        let output = try told { () throws(SystemCallError) in try Descriptor.pipe() }
        try told { () throws(SystemCallError) in
            try Descriptor.setNonBlocking(input.writing.raw)
            try Descriptor.setNonBlocking(output.reading.raw)
        }
        plan.setDescriptor(0, to: input.reading.raw)
        plan.setDescriptor(1, to: output.writing.raw)
        let process = ServiceProcess(try start(), loop: loop, now: now)
        input.split { _, writing in process.adopt(input: writing) }
        output.split { reading, _ in process.adopt(output: reading) }
        return process
    }

    private func launchWithSocket(on loop: EventLoop, now: UInt64) throws(LaunchFailure) -> ServiceProcess {
        let sockets = try told { () throws(SystemCallError) in try SocketPair.make() }
        let duplicate = try told { () throws(SystemCallError) in try sockets.ours.duplicate() }
        plan.setDescriptor(Self.socketTarget, to: sockets.theirs.raw)
        let process = ServiceProcess(try start(), loop: loop, now: now)
        process.adopt(socket: sockets.takeOurs(), duplicate: duplicate)
        return process
    }

    /// Starts an exec service's program. All of its input is there before it runs: what it reads must not end early if
    /// this worker is killed, a moment before it is killed itself.
    func launch(
        on loop: EventLoop, now: UInt64, input bytes: borrowing Span<UInt8>
    ) throws(LaunchFailure) -> ServiceProcess {
        let input = try completeInput(bytes)
        plan.setDescriptor(0, to: input.raw)
        let process = ServiceProcess(try start(), loop: loop, now: now)
        _ = consume input
        return process
    }

    private func completeInput(_ bytes: borrowing Span<UInt8>) throws(LaunchFailure) -> Descriptor {
        do throws(SystemCallError) {
            return try CompleteInput.make(bytes)
        } catch {
            throw LaunchFailure(words: "\(error)")
        }
    }

    private func told<T: ~Copyable>(_ body: () throws(SystemCallError) -> T) throws(LaunchFailure) -> T {
        do throws(SystemCallError) {
            return try body()
        } catch {
            throw LaunchFailure(words: "\(error)")
        }
    }

    private func start() throws(LaunchFailure) -> ProcessDescriptor {
        do throws(LaunchError) {
            return try plan.launch()
        } catch {
            throw LaunchFailure(words: words(for: error))
        }
    }

    /// The user's word for the thing goes into the middle: "command /usr/bin/pager: no such file or directory".
    private func words(for error: LaunchError) -> String {
        let reason = SystemCallError.reason(error.code)
        return switch error.step {
        case .exec: "command \(service.command[0]): \(reason)"
        case .directory: "directory \(service.directory ?? "/"): \(reason)"
        case .credentials: "user \(service.credentials?.user ?? ""): \(reason)"
        default: error.description
        }
    }
}
