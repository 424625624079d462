// SPDX-License-Identifier: Apache-2.0
/// `belfry check FILE`: is this a configuration that belfryd would start with?
///
/// Invariant: reads the file and nothing else; every fault is told in one run.

internal import ArgumentParser
internal import Control
internal import LinuxIO
internal import Settings
internal import SettingsFile

struct CheckVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate a configuration file.",
        discussion: """
            Prints what was read, or all faults at once, each on a line: FILE:LINE:COLUMN: KEY: what is wrong; what \
            would be right. Programs that are missing are warnings: they may come later.

            Examples:
              belfry check /etc/belfry/belfry.yaml
              belfry check new.yaml && belfry reload
            """)

    @Argument(help: "The configuration file.")
    var file: String

    func run() throws {
        do {
            let result = try SettingsFile.read(file, system: .machine)
            for warning in result.warnings { Output.error("\(warning) (warning)") }
            try Output.write(Self.summary(file, result.settings, Output.style(.never)))
        } catch let error as SettingsFaults {
            Output.error(error.description)
            throw Failure("\(file): \(error.faults.count == 1 ? "1 fault" : "\(error.faults.count) faults")")
        }
    }

    static func summary(_ file: String, _ settings: Settings, _ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        table.paragraph("\(file): good", indent: 0)
        let port = settings.port
        let host = port.address.contains(":") ? "[\(port.address)]" : port.address
        table.facts("port", [("\(host):\(port.number)" + (port.udp ? " udp" : "") + (port.tcp ? " tcp" : ""), .plain)])
        table.facts("workers", [("\(settings.workers.count)", .plain)])
        let names = settings.services.map { ($0.name, TextTable.Colour.plain) }
        table.facts(
            "services",
            names.isEmpty ? [("none: every notification is unrouted", .plain)] : [("\(names.count):", .plain)] + names)
        return table.bytes
    }
}
