// SPDX-License-Identifier: Apache-2.0
/// What a belfryd says of itself in a note inside its file (Sources/CBelfryd): its version, and the layouts of all that it
/// would share with a predecessor. Read without executing anything, as the file may be a stranger's.
///
/// Used for the executable that an update names, and for our own.
/// Invariant: comparing two notes tells all that can keep one from following the other without going through the store.

internal import Control

package struct ReleaseNote: Equatable, Sendable {
    var version = ""
    /// Regions of the ring; settings image; what goes over at a restart; segments and checkpoints.
    var ring: UInt32 = 0
    var settings: UInt32 = 0
    var handOver: UInt32 = 0
    var store: UInt32 = 0

    init() {}

    /// Why a process of `other` can't take over from one of ours in the way that is wanted; nil if it can.
    /// - Parameter path: of the other, for the sentence.
    func refusal(of other: ReleaseNote, at path: String, throughStore: Bool) -> ControlFault? {
        if throughStore {
            guard other.store < store else { return nil }
            return ControlFault(
                "\(path): belfryd \(other.version) knows segment files up to layout \(other.store), and those here have "
                    + "\(store): it can't read what waits here; name a newer one")
        }
        let differing = [
            ("ring", ring, other.ring), ("settings", settings, other.settings),
            ("hand-over", handOver, other.handOver),
        ].filter { $0.1 != $0.2 }
        guard !differing.isEmpty else { return nil }
        let words = differing.map { "\($0.0) \($0.2) in place of \($0.1)" }.joined(separator: ", ")
        return ControlFault(
            "\(path): belfryd \(other.version) has another layout (\(words)): it can't take over what is in memory; "
                + "add --through-store: what waits goes through the state folder, and connections are closed in good order"
        )
    }
}
