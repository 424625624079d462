// SPDX-License-Identifier: Apache-2.0
/// The file by which a debug build tells that one of its processes has died at its fault point (LinuxIO's FaultPoint).
/// Used by FaultTests and Soak.
/// Invariant: it is made by the process that dies, and by nobody else.

import LinuxIO

struct FaultMark {
    private static let name = "fault-mark"
    let scratch: Scratch

    var isThere: Bool { scratch.exists(Self.name) }

    /// What a belfryd is to be started with.
    /// - Parameter stops: it stands still there and does not die.
    static func environment(
        _ point: FaultPoint, passing: Int, stops: Bool = false, in scratch: Scratch
    ) -> [String] {
        let suffix = stops ? ":stop" : ""
        return ["BELFRY_FAULT=\(point.rawValue):\(passing)\(suffix)", "BELFRY_FAULT_MARK=\(scratch.file(name))"]
    }
}
