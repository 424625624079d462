// SPDX-License-Identifier: Apache-2.0
/// What the worker needs of a shard's runner, whatever the service's mode.
///
/// ExecRunner and StreamRunner are the two; Worker calls them a few times a round, never per message.
/// Invariant: processes are launched in `work` only, and reaped in `handle` or `work`.

import LinuxIO
import Settings

protocol ServiceRunner: AnyObject {
    var shard: Shard { get }
    /// Its processes that are not reaped yet.
    var running: Int { get }
    /// Monotonic nanoseconds at which `work` is to be called even if nothing happens; `.max` for never.
    func deadline(now: UInt64) -> UInt64
    /// Hands out what can be handed out, and does what is due.
    func work(now: UInt64, head: UInt64)
    /// Something happened to one of its processes.
    func handle(_ kind: Token.Kind, place: Int, now: UInt64)
    /// Hands out nothing more and ends the processes, at least as far as `step`.
    func end(_ step: ProcessEnding.Step, now: UInt64, grace: UInt64)
    func showStatus(now: UInt64)
}

extension ServiceRunner {
    /// How many deliveries of a shard may be under way at once.
    static func window(of service: Settings.Service, shard: Int, capacity: Int) -> Int {
        let wanted: Int
        switch (service.mode, service.order) {
        case (.stream, _): wanted = service.inFlight
        case (.exec, .none):
            // Shared out among the lanes, so that together they keep to it.
            let (each, rest) = service.concurrency.quotientAndRemainder(dividingBy: max(service.shards, 1))
            wanted = each + (shard < rest ? 1 : 0)
        case (.exec, _): wanted = 1
        }
        return max(1, min(wanted, capacity))
    }
}
