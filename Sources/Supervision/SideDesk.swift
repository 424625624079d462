// SPDX-License-Identifier: Apache-2.0
/// The processes that do one thing beside the broker, and who wants to hear of their ends.
///
/// Held by the Supervisor; what is done with it is in Supervisor+Sides.
/// Invariant: whoever has started one hears of its end exactly once.

internal import LinuxIO
internal import Reactor

final class SideDesk {
    struct Entry {
        let side: SideProcess
        /// Until it closes its output.
        var watch: Watch?
        let patience: Timer
        let done: (SideProcess.Outcome) -> Void
    }

    /// By pid.
    var entries: [CInt: Entry] = [:]
    /// What we ourselves were started from.
    let own = OwnImage()
}
