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
    /// Goes over to another definition of its service, if no process has to end for it.
    /// - Returns: false if one has to: then nothing has changed.
    func takeOver(_ service: Settings.Service) -> Bool
    /// Hands out nothing more, waits for the answers to what is in flight, each for its `ack-timeout` at most, and then
    /// asks its processes to end. What is not in flight is left to a successor. It is done when `running` is 0.
    func finish()
    /// Hands out nothing more and ends the processes, at least as far as `step`; what is in flight is a successor's.
    func end(_ step: ProcessEnding.Step, now: UInt64, grace: UInt64)
    func showStatus(now: UInt64)
}
