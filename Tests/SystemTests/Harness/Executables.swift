// SPDX-License-Identifier: Apache-2.0
/// Where the executables under test and the tools around them are. Used by Broker and Program.
/// Invariant: `belfryd` and `belfry` are those that were built with this test bundle, unless BELFRY_BIN names a folder
/// with others (a release build, an installed package).

import Foundation

enum Executables {
    static let folder: String = {
        ProcessInfo.processInfo.environment["BELFRY_BIN"] ?? built
    }()

    /// Where this test bundle lies, and with it whatever was built for it: the programs of Examples/swift.
    private static let built: String = {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: bundle).deletingLastPathComponent()
        while folder.path.contains(".xctest") { folder.deleteLastPathComponent() }
        return folder.path
    }()

    static let belfryd = "\(folder)/belfryd"
    /// The one that was built with this test bundle, whichever is under test: a debug build has fault points.
    static let builtBelfryd = "\(built)/belfryd"
    static let belfry = "\(folder)/belfry"

    /// A program of Examples/swift.
    static func example(_ name: String) -> String { "\(built)/example-\(name)" }

    /// The service of Tests/GenerationProbe.
    static let generationProbe = "\(built)/generation-probe"

    /// The checkout that these sources lie in.
    static let repository: String = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        return folder.path
    }()

    /// The file of a program that a test uses; Debian's own before any other of that name.
    static func find(_ name: String) -> String? {
        if name.contains("/") { return name }
        let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"]
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
