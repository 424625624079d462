// SPDX-License-Identifier: Apache-2.0
/// Reads a text as a configuration file, on a machine made up for the tests.
///
/// Used by all suites of this module.
/// Invariant: nothing of the real machine's users or files has a say.

import LinuxIO
import Settings
import SettingsFile

enum Reading {
    static let machine = SystemNames(
        user: { name in
            switch name {
            case "nobody": UserRecord(name: "nobody", user: 65_534, group: 65_534, groups: [65_534, 4])
            case "me": UserRecord(name: "me", user: 1000, group: 1000, groups: [1000])
            default: nil
            }
        },
        group: { $0 == "adm" ? 4 : nil }, isExecutable: { ["/usr/bin/page", "/etc/belfry/run.sh"].contains($0) },
        path: ["/bin", "/usr/bin"], ownUser: 0)

    static func file(_ yaml: String, system: SystemNames = machine) throws -> SettingsFile {
        try SettingsFile.parse(Array(yaml.utf8), file: "belfry.yaml", folder: "/etc/belfry", system: system)
    }

    static func settings(_ yaml: String) throws -> Settings { try file(yaml).settings }

    /// What is wrong with the text, a line each; empty if nothing is.
    static func faults(_ yaml: String, system: SystemNames = machine) -> [String] {
        do {
            _ = try file(yaml, system: system)
            return []
        } catch let error as SettingsFaults {
            return error.description.split(separator: "\n").map(String.init)
        } catch {
            return ["\(error)"]
        }
    }

    /// A service with these further lines, so that the first of them is line 3, its key in column 5.
    static func service(_ lines: String) -> String {
        "services:\n  - { name: a, topics: [b], command: [/usr/bin/page],\n    \(lines) }\n"
    }
}
