// SPDX-License-Identifier: Apache-2.0
/// A configuration file, from YAML to Settings.
///
/// Used by `belfry check` and by `belfry settings-image`, which belfryd runs at its start.
/// Invariant: either settings within all limits come out, or every fault of the file at once.

internal import LinuxIO
package import Settings

package struct SettingsFile: Equatable, Sendable {
    package let settings: Settings
    /// What is allowed, but can hardly be meant: "file:line:column: key: …".
    package let warnings: [String]

    /// Bytes of the largest file that is read.
    package static let limit = 1 << 20

    /// Reads the file at `path`. Relative paths in it are taken from its own folder.
    package static func read(_ path: String, system: SystemNames) throws(SettingsFaults) -> SettingsFile {
        let bytes: [UInt8]
        do {
            bytes = try File.read(path, limit: limit)
        } catch {
            throw SettingsFaults(file: path, faults: [SettingsFault(nil, "", unreadable(path, error))])
        }
        return try parse(bytes, file: path, folder: folder(of: path), system: system)
    }

    /// `file` is what faults call it, `folder` is absolute.
    package static func parse(
        _ bytes: [UInt8], file: String, folder: String, system: SystemNames
    ) throws(SettingsFaults) -> SettingsFile {
        let list = FaultList()
        var settings = Settings()
        if let document = YAMLDocument(bytes, faults: list) {
            let reader = SettingsReader(faults: list, folder: folder, system: system)
            settings = reader.read(document)
        }
        guard list.faults.isEmpty else { throw SettingsFaults(file: file, faults: FaultList.sorted(list.faults)) }
        return SettingsFile(settings: settings, warnings: FaultList.sorted(list.warnings).map { $0.text(file: file) })
    }

    private static func unreadable(_ path: String, _ error: SystemCallError) -> String {
        if Directory.exists(path) { return "is a folder; the path of a configuration file would be right" }
        if error.isTooLarge {
            return "is larger than \(limit >> 20) MiB; a configuration file would be smaller"
        }
        return "\(error.reason); the path of a configuration file that can be read would be right"
    }

    private static func folder(of path: String) -> String {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        if path.hasPrefix("/") { return folder.isEmpty ? "/" : folder }
        let here = (try? File.linkTarget("/proc/self/cwd")) ?? ""
        return folder == "." ? here : here + "/" + folder
    }
}
