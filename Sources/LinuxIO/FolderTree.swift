// SPDX-License-Identifier: Apache-2.0
/// Takes a folder away with everything in it. Used by Supervision for what a shadow run has left.
///
/// Invariant: no symbolic link is followed, so that nothing outside the folder is touched; and it goes no deeper than what
/// we ourselves make.

internal import Glibc

package enum FolderTree {
    private static let depth = 8

    /// A folder that is not there is no error; one that holds more than we make is.
    package static func remove(_ path: String) throws(SystemCallError) {
        if File.exists(path) { try remove(path, depth) }
    }

    private static func remove(_ path: String, _ depth: Int) throws(SystemCallError) {
        guard File.isFolder(path) else {
            try File.remove(path)
            return
        }
        guard depth > 0 else { throw SystemCallError(call: "rmdir", code: ENOTEMPTY) }
        for name in Directory.names(path) { try remove("\(path)/\(name)", depth - 1) }
        try Directory.remove(path)
    }
}
