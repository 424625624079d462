// SPDX-License-Identifier: Apache-2.0
/// A scoreboard's file, as the runner sees it: made before a run, looked at during it, read out behind it.
///
/// Used by Trial. Publishers and consumers map the file; here it is only read, a page at a time, and stopped.
/// Invariant: the file is in memory (tmpfs), so that marking it costs no disk.

import Foundation
import Measures

struct Board {
    let path: String
    let count: Int
    private let file: FileHandle

    /// `interval` in nanoseconds, 0 for flat out.
    init(in folder: URL, name: String, count: Int, interval: UInt64 = 0, latencies: Bool = false) throws {
        let url = folder.appending(path: name)
        path = url.path
        self.count = count
        try ScoreboardImage.page(count: count, interval: interval, latencies: latencies).write(to: url)
        file = try FileHandle(forUpdating: url)
        try file.truncate(atOffset: UInt64(ScoreboardImage.size(count: count, latencies: latencies)))
    }

    var image: ScoreboardImage {
        get throws {
            try file.seek(toOffset: 0)
            guard let page = try file.read(upToCount: 256), let image = ScoreboardImage(page: page) else {
                throw Trouble("the scoreboard \(path) was overwritten")
            }
            return image
        }
    }

    /// Tells publisher and consumers to end.
    func stop() throws {
        try file.seek(toOffset: UInt64(ScoreboardImage.Word.stop.rawValue))
        try file.write(contentsOf: Data([1, 0, 0, 0, 0, 0, 0, 0]))
    }

    /// In nanoseconds, by sequence number.
    var latencies: [UInt64] {
        get throws {
            try file.seek(toOffset: UInt64(ScoreboardImage.latencyOffset(count: count)))
            return ScoreboardImage.words(try file.read(upToCount: count * 8) ?? Data())
        }
    }
}
