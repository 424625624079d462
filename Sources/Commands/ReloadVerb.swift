// SPDX-License-Identifier: Apache-2.0
/// `belfry reload`: let the running broker take over its configuration file, as SIGHUP does.
///
/// Invariant: exit status 0 means that all roles use what the file says, but for what is named as needing a restart; with
/// 1 nothing was changed.

internal import ArgumentParser
internal import Control

struct ReloadVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Take over the configuration file, without losing anything.",
        usage: "belfry reload [<options>]",
        discussion: """
            belfryd reads the file that it was started with again. Returns when all roles use it, and says what has \
            changed, a line each; what only a restart changes is named and stays. A file with faults changes nothing: \
            they are told as `belfry check` tells them. Needs the permission control.change, which root and the user that \
            belfryd runs as have.

            Examples:
              belfry reload
              belfry check /etc/belfry/belfry.yaml && belfry reload
              belfry reload --json | jq '.restart[].key'
            """)

    @OptionGroup var control: ControlOption
    @OptionGroup var change: ChangeOptions

    func run() throws { try change.change(control, .reload(.json)) }
}
