// SPDX-License-Identifier: Apache-2.0
/// A process of a predecessor's role that went over to us: we speak with it and watch it, but it is not our child.
///
/// Held by TakeOver from `yours` until the process is gone.
/// Invariant: a worker is gone only when its process has ended and nothing is left of what it had started, so that its
/// shards may pass to others.

internal import Control
internal import LinuxIO
internal import Reactor

final class FormerRole {
    let role: Role
    let process: RoleProcess
    /// A worker's page and bell. The others' are those of our own.
    let desk: RoleDesk?
    var endWatch: Watch?
    /// Its process has ended.
    private(set) var hasEnded = false
    private(set) var isCleared = false
    /// It was told to end, or has said that it does.
    var isEnding = false

    init(_ role: Role, _ process: RoleProcess, _ desk: RoleDesk?) {
        self.role = role
        self.process = process
        self.desk = desk
    }

    var isGone: Bool { hasEnded && (role.worker == nil || isCleared) }

    func end() {
        hasEnded = true
        // Nobody writes to its page any more: who looked whether it sleeps would ring for nobody.
        desk?.stopSleeping()
    }

    func clear() { isCleared = true }
}
