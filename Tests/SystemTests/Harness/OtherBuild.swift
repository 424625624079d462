// SPDX-License-Identifier: Apache-2.0
/// Another build of belfryd in a folder of its own: a copy of ours whose note (Sources/CBelfryd) tells what a test wants it to.
/// Used where one belfryd goes over to another.
/// Invariant: nothing but the note differs; `belfry` lies beside it.

import Foundation
import LinuxIO
import Testing

struct OtherBuild {
    let path: String

    /// - Parameter ring: the ring's layout; nil for ours.
    init(
        _ scratch: Scratch, _ name: String = "next", version: String = "9.9.9", ring: UInt8? = nil,
        of executable: String = Executables.builtBelfryd
    ) throws {
        let folder = scratch.file(name)
        try LinuxIO.Directory.make(folder)
        path = "\(folder)/belfryd"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: executable))
        // Owner, then format 1, four layouts, and the version.
        let owner = Data("Belfry\0\0".utf8) + Data([1, 0, 0, 0])
        let note = try #require(bytes.firstRange(of: owner))
        if let ring { bytes[note.upperBound] = ring }
        let field = note.upperBound + 16..<note.upperBound + 60
        bytes.replaceSubrange(
            field, with: Data(version.utf8) + Data(repeating: 0, count: field.count - version.utf8.count))
        try bytes.write(to: URL(fileURLWithPath: path))
        let manager = FileManager.default
        try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        try manager.createSymbolicLink(atPath: "\(folder)/belfry", withDestinationPath: Executables.belfry)
    }
}
