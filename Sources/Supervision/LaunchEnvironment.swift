// SPDX-License-Identifier: Apache-2.0
/// What of our own environment goes on to the processes that we start: a short list of names, and no more.
///
/// Used for the roles and for the settings tool; services get theirs from the worker.
/// Invariant: nothing of a notification, and no variable that is not named here, ever gets in.

internal import LinuxIO

package enum LaunchEnvironment {
    /// "NAME=value" for those of the names that are set.
    package static func inherited(_ names: [String]) -> [String] {
        names.compactMap { name in CurrentProcess.environment(name).map { "\(name)=\($0)" } }
    }

    /// For a role: where services look for programs, how they write, how logging is to look; and no pages of
    /// back-trace from a crash, which would hold up the restart.
    package static var forRoles: [String] {
        inherited(["PATH", "LANG", "JOURNAL_STREAM"] + FaultPoint.variables) + ["SWIFT_BACKTRACE=enable=no"]
    }
}
