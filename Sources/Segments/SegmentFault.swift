// SPDX-License-Identifier: Apache-2.0
/// The one error of this module: a file of the folder, and what the kernel said of it.
///
/// Thrown to `storage` (which decides what it means for senders) and to the supervisor at start.
/// Invariant: damage that was found in a file is never an error but an incident, counted, and the rest goes on.

package import LinuxIO

package struct SegmentFault: Error, Equatable, CustomStringConvertible {
    package enum Cause: Equatable, Sendable {
        case call(SystemCallError)
        /// A format that this version does not know.
        case newer(version: Int)
    }

    /// In the folder of the segments; the folder itself is ".".
    package let file: String
    package let cause: Cause

    package init(_ file: String, _ error: SystemCallError) {
        self.file = file
        cause = .call(error)
    }

    init(_ file: String, newer version: Int) {
        self.file = file
        cause = .newer(version: version)
    }

    /// nil if no call has failed.
    package var call: SystemCallError? {
        if case .call(let error) = cause { error } else { nil }
    }

    /// The disk is full, or what this user may have of it: worth another try.
    package var isFull: Bool {
        if case .call(let error) = cause { error.isOutOfSpace } else { false }
    }

    /// The device could not read it: as good as damaged.
    var isUnreadable: Bool {
        if case .call(let error) = cause { error.isInputOutput } else { false }
    }

    package var description: String {
        switch cause {
        case .call(let error): "segments/\(file): \(error)"
        case .newer(let version):
            "segments/\(file): was written by a newer Belfry (format \(version)): start that one, or move the file away"
        }
    }
}
