// SPDX-License-Identifier: Apache-2.0
/// The folder in which a shadow run happens, and the settings of its broker: a port of its own on the loopback address, a
/// small ring, and two services that are belfryd itself.
///
/// Made by `belfryd shadow` below the state folder of the broker that runs, so that it finds the same rights and the same
/// disk.
/// Invariant: nothing that the running broker uses is in it or named by it; when it is removed, nothing is left.

internal import LinuxIO

struct ShadowFolder {
    static let services = ["exec", "lines"]
    /// Bytes that a Unix socket's path may have, with what the broker appends while it makes the socket.
    private static let longestSocket = 103

    let path: String
    /// Held open: a short way to it that stays.
    private let folder: FolderHandle

    /// - Parameter path: what an earlier run has left there is removed.
    init(_ path: String) throws {
        try FolderTree.remove(path)
        try Directory.make(path, mode: 0o700)
        self.path = path
        folder = try FolderHandle(path)
        let text = Self.settings(state: "\(path)/state", control: control, canary: canary)
        try File.write(file, Array(text.utf8).span)
    }

    func remove() throws { try FolderTree.remove(path) }

    var file: String { "\(path)/belfry.yaml" }
    var ledger: String { "\(path)/state/ledger.json" }
    var control: String { socket("control") }
    /// Where the services tell what has reached them.
    var canary: String { socket("canary") }

    /// The state folder may lie deeper than a socket's path may be long.
    private func socket(_ name: String) -> String {
        let plain = "\(path)/\(name)"
        return plain.utf8.count <= Self.longestSocket
            ? plain : "/proc/\(CurrentProcess.pid)/fd/\(folder.raw)/\(name)"
    }

    /// JSON's strings are YAML's, too.
    static func settings(state: String, control: String, canary: String) -> String {
        let items = services.map { kind in
            """
              - name: canary-\(kind)
                topics: [canary.>]
                command: [/proc/self/exe, canary, \(kind), \(quoted(canary))]
                mode: \(kind == "lines" ? "stream" : kind)
                retry: { attempts: 1 }
            """
        }
        return """
            port: { address: 127.0.0.1, number: 0, max-message: 4KiB, max-connections: 16, receive-buffer: 64KiB }
            workers: { count: 1 }
            ring: { size: 64KiB }
            state: { directory: \(quoted(state)) }
            control: { socket: \(quoted(control)) }
            shutdown: { grace: 5s }
            services:
            \(items.joined(separator: "\n"))

            """
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

private final class FolderHandle {
    private let folder: FileFolder

    init(_ path: String) throws { folder = try FileFolder(path) }

    var raw: CInt { folder.raw }
}
