// SPDX-License-Identifier: Apache-2.0
/// `belfry settings-image FILE`: the configuration in the form that belfryd maps. Not for people: belfryd runs it.
///
/// Invariant: stdout gets the whole image or nothing; faults go to stderr, as `belfry check` tells them.

internal import ArgumentParser
internal import LinuxIO
internal import Settings
internal import SettingsFile

struct SettingsImageVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings-image", abstract: "Print a configuration file as the binary image for belfryd.",
        shouldDisplay: false)

    @Argument(help: "The configuration file.")
    var file: String

    func run() throws {
        let image: [UInt8]
        do throws(SettingsFaults) {
            let result = try SettingsFile.read(file, system: .machine)
            for warning in result.warnings { Output.error("\(warning) (warning)") }
            image = SettingsImage.encode(result.settings)
        } catch {
            Output.error(error.description)
            throw Failure("\(file): the configuration has faults")
        }
        try Output.write(image)
    }
}
