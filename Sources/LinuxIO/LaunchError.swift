// SPDX-License-Identifier: Apache-2.0
/// Why a program could not be started: at which step, and the errno. Thrown by LaunchPlan; Delivery shows it in `status`.
/// It is never a program's own exit: that one started.
/// Invariant: when it is thrown, no child is left; of a sibling, an ended one for our parent to reap.

internal import CLinux
internal import Glibc

package struct LaunchError: Error, Equatable, CustomStringConvertible {
    package enum Step: Sendable {
        case fork, group, descriptors, limits, credentials, deathSignal, parent, directory, signals, exec
    }

    package let step: Step
    package let code: CInt

    package init(step: Step, code: CInt) {
        self.step = step
        self.code = code
    }

    package var description: String { "\(words): \(SystemCallError.reason(code))" }

    private var words: String {
        switch step {
        case .fork: "no process could be made"
        case .group: "process group"
        case .descriptors: "descriptors"
        case .limits: "limits"
        case .credentials: "user and group"
        case .deathSignal, .parent: "tie to the parent"
        case .directory: "directory"
        case .signals: "signals"
        case .exec: "command"
        }
    }

    static func step(_ raw: CInt) -> Step {
        switch belfry_launch_step(UInt32(bitPattern: raw)) {
        case belfry_step_group: .group
        case belfry_step_descriptors: .descriptors
        case belfry_step_limits: .limits
        case belfry_step_credentials: .credentials
        case belfry_step_death_signal: .deathSignal
        case belfry_step_parent: .parent
        case belfry_step_directory: .directory
        case belfry_step_signals: .signals
        case belfry_step_exec: .exec
        default: .fork
        }
    }
}
