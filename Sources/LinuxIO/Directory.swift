// SPDX-License-Identifier: Apache-2.0
/// Folders: what lies in them, making them, taking names away.
/// Used by Supervision and the command-line tool.
/// Invariant: nothing here follows into sub-folders.

internal import Glibc

package enum Directory {
    /// The names in a folder without "." and "..", in no order; none if it can't be read.
    package static func names(_ path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { _ = unsafe closedir(folder) }
        var names: [String] = []
        // Holds: readdir's entry stays valid until the next call on the same folder.
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes the folder and those above it that are missing; one that is there already is as good.
    package static func make(_ path: String, mode: UInt32 = 0o755) throws(SystemCallError) {
        if exists(path) || path.isEmpty { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try make(String(path[..<slash]), mode: mode)
        }
        let (_, code) = uninterrupted { unsafe mkdir(path, mode) }
        // Somebody else may have made it in between; a file of that name is none.
        if code == EEXIST, !exists(path) { throw SystemCallError(call: "mkdir", code: ENOTDIR) }
        guard code == 0 || code == EEXIST else { throw SystemCallError(call: "mkdir", code: code) }
    }

    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// A new folder of our own under `parent`, for tests and scratch files.
    package static func makeTemporary(in parent: String, prefix: String) throws(SystemCallError) -> String {
        var template = Array("\(parent)/\(prefix)XXXXXX".utf8) + [0]
        let made = unsafe template.withUnsafeMutableBytes {
            // Holds: the template ends in a zero and is written in place.
            unsafe mkdtemp($0.bindMemory(to: CChar.self).baseAddress!) != nil
        }
        guard made else { throw SystemCallError(call: "mkdtemp", code: errno) }
        return String(decoding: template.dropLast(), as: UTF8.self)
    }

    /// Takes an empty folder away.
    package static func remove(_ path: String) throws(SystemCallError) {
        try systemCall("rmdir") { unsafe rmdir(path) }
    }
}
