// SPDX-License-Identifier: Apache-2.0
/// Which belfryd a process is, or was to be: where its file lay, its version, and what the file held.
///
/// Part of `status` and of the history of updates; found out by the supervisor.
/// Invariant: the digest is that of the file that runs, whatever lies at the path by now.

package import Wire

package struct ProgramImage: Equatable, Sendable {
    /// As it was when the process was started from it.
    package var path: String
    package var version: String
    /// SHA-256, 64 digits.
    package var digest: String

    package init(path: String = "", version: String = "", digest: String = "") {
        self.path = path
        self.version = version
        self.digest = digest
    }

    package init(_ json: JSONValue) {
        path = json["path"]?.string ?? ""
        version = json["version"]?.string ?? ""
        digest = json["sha256"]?.string ?? ""
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        for (name, text) in [("path", path), ("version", version), ("sha256", digest)] {
            json.member(name, orNull: text.isEmpty ? nil : text)
        }
        json.endObject()
    }

    /// So much of the digest as people tell files apart by.
    var shortDigest: String { String(digest.prefix(12)) + "…" }

    /// For people: what is known of it.
    package var words: String {
        let known = [version, path].filter { !$0.isEmpty }.joined(separator: " ")
        return digest.isEmpty ? known : "\(known) (sha256 \(shortDigest))"
    }
}
