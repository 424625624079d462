// SPDX-License-Identifier: Apache-2.0
/// The files of the results: results.json, from which results.md and the plots are made.
///
/// Used by the command after each row, so that a run that is broken off has written what it finished.
/// Invariant: all files show the same results.

import Foundation
import Report

struct Output {
    let folder: URL

    var page: URL { folder.appending(path: "results.md") }
    private var data: URL { folder.appending(path: "results.json") }

    /// Puts a row in its place and writes everything anew.
    func add(_ row: RowResult) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var results = try earlier
        results.replace(row)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(results).write(to: data, options: .atomic)
        try Data(MarkdownReport(results).text.utf8).write(to: page, options: .atomic)
        for row in results.rows {
            try Data(RowChart(row).svg.utf8).write(to: folder.appending(path: "row\(row.number).svg"), options: .atomic)
        }
    }

    private var earlier: Results {
        get throws {
            guard let bytes = try? Data(contentsOf: data) else { return Results() }
            do {
                return try JSONDecoder().decode(Results.self, from: bytes)
            } catch {
                throw Trouble("\(data.path) is of another version; remove it to begin anew")
            }
        }
    }
}
