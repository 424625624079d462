// SPDX-License-Identifier: Apache-2.0
/// One running process of a role: its pidfd, the supervisor's end of its channel, and since when.
///
/// Made by RoleLauncher, held in RoleDesk until the process has been reaped.
/// Invariant: signals go through the pidfd, so they never reach a stranger.

internal import Control
internal import LinuxIO
internal import Reactor

final class RoleProcess {
    let process: ProcessDescriptor
    let channel: RoleChannel
    /// Monotonic nanoseconds.
    let since: UInt64
    /// The version of the settings that it was given, at its start or since, and when (monotonic nanoseconds).
    var given: UInt64
    var givenAt: UInt64
    /// The version that it has said it uses.
    var applied: UInt64 = 0
    /// The loop's watch over the channel, until the other end closes it.
    var watch: Watch?

    init(
        _ process: consuming ProcessDescriptor, _ channel: consuming RoleChannel, since: UInt64, given: UInt64
    ) {
        self.process = process
        self.channel = channel
        self.since = since
        self.given = given
        givenAt = since
    }

    var pid: CInt { process.pid }
}
