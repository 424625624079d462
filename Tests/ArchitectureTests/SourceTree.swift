// SPDX-License-Identifier: Apache-2.0
/// The checkout that these tests were built from: its files, their lines, and the executables beside the test bundle.
/// Used by every suite of this target.
/// Invariant: only files that belong to the repository are seen; what builds and tests leave behind is not.

import Foundation

/// A text file of the repository.
struct SourceFile {
    /// Path from the checkout's top.
    let path: String
    let text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    /// The line count that an editor shows: a newline at the end opens no further line.
    var lineCount: Int { text.hasSuffix("\n") ? lines.count - 1 : lines.count }
    /// `Ring` for `Sources/Ring/Outcome.swift`.
    var module: String { String(path.split(separator: "/").dropFirst().first ?? "") }
    var name: String { String(path.split(separator: "/").last ?? "") }
}

enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every file below the folders whose name ends in one of the suffixes, by path.
    static func files(in folders: [String], suffixes: [String]) throws -> [SourceFile] {
        var found: [SourceFile] = []
        for folder in folders {
            let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
            for path in paths where suffixes.contains(where: path.hasSuffix) {
                found.append(try file("\(folder)/\(path)"))
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    static func file(_ path: String) throws -> SourceFile {
        SourceFile(path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
    }

    static func folders(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            at: root.appending(path: folder), includingPropertiesForKeys: [.isDirectoryKey]
        )
        .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
        .map(\.lastPathComponent).sorted()
    }

    /// The bytes of an executable that was built with this bundle, or lies in the folder that BELFRY_BIN names.
    static func executable(_ name: String) throws -> Data {
        var folder = URL(fileURLWithPath: CommandLine.arguments.first { $0.contains(".xctest") } ?? "")
        repeat { folder.deleteLastPathComponent() } while folder.path.contains(".xctest")
        if let named = ProcessInfo.processInfo.environment["BELFRY_BIN"] { folder = URL(fileURLWithPath: named) }
        return try Data(contentsOf: folder.appending(path: name), options: .alwaysMapped)
    }
}
