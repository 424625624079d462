// SPDX-License-Identifier: Apache-2.0
/// What a terminal says about itself.
/// Used by the command-line tool to fit its tables to the window. Whether there is one: Descriptor.isTerminal.
/// Invariant: asking changes nothing; what is no terminal, or knows no size, has none.

internal import CLinux
internal import Glibc

package enum Terminal {
    package struct Size: Equatable, Sendable {
        package let columns: Int
        package let rows: Int
    }

    package static func size(_ raw: CInt) -> Size? {
        var columns: UInt16 = 0
        var rows: UInt16 = 0
        guard unsafe belfry_terminal_size(raw, &columns, &rows) == 0, columns > 0, rows > 0 else { return nil }
        return Size(columns: Int(columns), rows: Int(rows))
    }
}
