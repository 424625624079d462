// SPDX-License-Identifier: Apache-2.0
// The same service as a plain loop: what the handler returns from is done, what it throws at comes again.
//
//   - name: archive
//     topics: [">"]
//     command: [/srv/belfry/serve-blocking, /srv/archive/today.log]
//     mode: stream
//     framing: frames

import BelfryClient
import Foundation

do {
    let path = CommandLine.arguments.dropFirst().first ?? "archive.log"
    if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(filePath: path)) }
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.seekToEnd()

    try BelfryService.run(window: 256) { delivery in
        if delivery.body.isEmpty { throw DeadLetter("there is nothing in it") }
        try file.write(contentsOf: Data("\(delivery.id) \(delivery.attempt) \(delivery.topic) \(delivery.text)\n".utf8))
    }
} catch {
    print("serve-blocking: \(error)")
    exit(1)
}
