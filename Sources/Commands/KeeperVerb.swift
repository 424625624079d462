// SPDX-License-Identifier: Apache-2.0
/// `belfry keeper FOLDER`: the process that owns the database. Not for people: belfryd runs it.
///
/// Invariant: it has no life of its own: it ends with the supervisor that started it.

internal import ArgumentParser
internal import Keeper

struct KeeperVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keeper", abstract: "Keep dead letters and incidents for belfryd.", shouldDisplay: false)

    @Argument(help: "The state folder.")
    var folder: String

    func run() throws {
        let status = try KeeperRole.run(folder: folder)
        guard status == 0 else { throw Failure("keeper: belfryd is gone") }
    }
}
