// SPDX-License-Identifier: Apache-2.0
/// `belfry check FILE`: is this a configuration that belfryd would start with?
///
/// Invariant: reads the file and nothing else; every fault is told in one run.

internal import ArgumentParser
internal import LinuxIO
internal import Settings
internal import SettingsFile

struct CheckVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate a configuration file.",
        discussion: """
            Prints a summary, or all faults at once, each on a line as FILE:LINE:COLUMN: KEY: what is wrong; what would \
            be right. Programs that are missing are warnings: they may come later.

            Example:
              belfry check /etc/belfry/belfry.yaml
            """)

    @Argument(help: "The configuration file.")
    var file: String

    func run() throws {
        do throws(SettingsFaults) {
            let result = try SettingsFile.read(file, system: .machine)
            for warning in result.warnings { Output.error("\(warning) (warning)") }
            try print(Self.summary(file, result.settings))
        } catch {
            Output.error(error.description)
            throw Failure("\(file): \(error.faults.count == 1 ? "1 fault" : "\(error.faults.count) faults")")
        }
    }

    static func summary(_ file: String, _ settings: Settings) -> String {
        let port = settings.port
        let protocols = (port.udp ? " udp" : "") + (port.tcp ? " tcp" : "")
        let host = port.address.contains(":") ? "[\(port.address)]" : port.address
        let services = settings.services.map(\.name).joined(separator: ", ")
        let count = settings.services.count == 1 ? "1 service" : "\(settings.services.count) services"
        return "\(file): good: \(host):\(port.number)\(protocols), \(settings.workers.count) workers, \(count)"
            + (services.isEmpty ? "" : ": " + services) + "\n"
    }

    /// The file was good; that stdout is closed is no fault of it.
    private func print(_ text: String) throws(SettingsFaults) { try? Output.write(text) }
}
