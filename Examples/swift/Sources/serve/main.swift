// SPDX-License-Identifier: Apache-2.0
// A service that appends each notification to a file, a line each, and takes an empty one for a mistake.
//
//   - name: archive
//     topics: [">"]
//     command: [/srv/belfry/serve, /srv/archive/today.log]
//     mode: stream
//     framing: frames

import BelfryClient
import Foundation

do {
    // Belfry waits with the first message until the service below is made: get ready before.
    let path = CommandLine.arguments.dropFirst().first ?? "archive.log"
    if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(filePath: path)) }
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.seekToEnd()

    let service = try BelfryService(window: 256)
    for try await delivery in service.deliveries {
        if delivery.body.isEmpty {
            delivery.fail(reason: "there is nothing in it", dead: true)
            continue
        }
        try file.write(contentsOf: Data("\(delivery.id) \(delivery.attempt) \(delivery.topic) \(delivery.text)\n".utf8))
        delivery.ack()
    }
} catch {
    // An error that left the top level would make the program crash, with pages of traces in Belfry's log.
    print("serve: \(error)")
    exit(1)
}
