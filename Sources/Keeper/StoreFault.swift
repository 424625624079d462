// SPDX-License-Identifier: Apache-2.0
/// Why the store could not be read or written, in an operator's words: what SQLite says, and what would help.
///
/// Used wherever the keeper tells of an error.
/// Invariant: no statement is told: it says nothing to an operator, and its values may be a message's.

import GRDB
import LinuxIO

package struct StoreFault: Error, CustomStringConvertible {
    /// Of the database.
    private let path: String
    private let error: any Error

    package init(_ path: String, _ error: any Error) {
        self.path = path
        self.error = error
    }

    package var description: String { "\(path): \(Self.words(error))" }

    static func words(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        let code = error.resultCode
        let words = "SQLite error \(code.rawValue): \(error.message ?? "no reason given")"
        return help(code).map { "\(words); \($0)" } ?? words
    }

    private static func help(_ code: ResultCode) -> String? {
        switch code {
        case .SQLITE_FULL: "make room on its file system"
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
            "it must be a file that user \(CurrentProcess.user) may write to, as its folder"
        case .SQLITE_BUSY, .SQLITE_LOCKED: "another program holds it"
        case .SQLITE_IOERR: "look at its disk"
        default: nil
        }
    }
}
