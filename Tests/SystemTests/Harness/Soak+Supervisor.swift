// SPDX-License-Identifier: Apache-2.0
/// The end of a soak's belfryd as a whole, by `kill -9` or in good order, and the next one's start. Used by Soak.
/// Invariant: the next one is started at once, as systemd does; when these return it takes and delivers notifications.

import Foundation
import LinuxIO
import Testing

extension Soak {
    /// What each service had taken before a moment.
    struct Look {
        let taken: [UInt64]
        let time: Date

        init(_ services: [SoakService]) {
            taken = services.map(\.account.count)
            time = Date()
        }
    }

    /// With all that it has started.
    func killSupervisor() throws -> Bool {
        let roles = Roles.pids(of: broker).compactMap(HeldProcess.init)
        let known = knownToCheckpoint()
        guard let since = try kill(broker.program.pid) else { return false }
        try broker.program.wait()
        workerDied()
        // The next one may not begin before the last of them has let go of the fence.
        var fenced = since
        try startAgain {
            for role in roles { try role.waitForEnd() }
            fenced = Clock.monotonic()
            for index in services.indices {
                services[index].forgotten += services[index].account.count &- (known?.taken[index] ?? 0)
            }
        }
        let started = Clock.monotonic()
        let delivered = try pass()
        recoveries.note(
            "kill -9 of the supervisor", delivered &- since,
            parts: [
                ("the end of its processes, which hold the fence", fenced &- since),
                ("recovery and start", started &- fenced), ("the first delivery", delivered &- started),
            ])
        return true
    }

    /// What every later supervisor knows to be taken, but for what was in flight then. The newest checkpoint was begun when
    /// the older one had been written.
    private func knownToCheckpoint() -> Look? {
        let folder = "\(disk?.path ?? scratch.file("state"))/segments"
        let times = (0...1).map { index in
            let facts = try? FileManager.default.attributesOfItem(atPath: "\(folder)/checkpoint-\(index)")
            return facts?[.modificationDate] as? Date ?? .distantPast
        }
        return looks.last { $0.time <= times.min()! }
    }

    /// With something undelivered as often as not.
    func restart() throws -> Bool {
        let dropped = sockets.dropped
        broker.program.signal(Signal.terminate)
        let result = try broker.program.wait()
        #expect(result.status == .exited(0), "\(result.errors)")
        workerDied()
        try startAgain()
        // What the kernel drops while no belfryd is there is counted by none.
        unwatched += sockets.dropped - dropped
        try pass()
        return true
    }

    private func startAgain(_ meanwhile: () throws -> Void = {}) throws {
        earlierWords += broker.program.errors
        broker = try Broker(
            scratch, services: items, portOptions: Self.portOptions, settings: Self.rest(terms, workers: workers),
            sockets: sockets, executable: executable, meanwhile: meanwhile)
    }
}

/// A process that a test has not started itself, so that its end can be awaited though its pid is another's by then.
private final class HeldProcess {
    private let process: ProcessDescriptor

    init?(_ pid: CInt) {
        guard let process = try? ProcessDescriptor(pid: pid) else { return nil }
        self.process = process
    }

    func waitForEnd() throws {
        guard try Deadline.after().wait(on: process.raw) else { throw TimedOut("the end of a role") }
    }
}
