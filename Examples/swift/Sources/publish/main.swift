// SPDX-License-Identifier: Apache-2.0
// Publishes each line of standard input, and ends when the broker has accepted them all.
// Usage: publish HOST:PORT TOPIC

import BelfryClient
import Glibc

guard CommandLine.arguments.count == 3, let broker = Endpoint(CommandLine.arguments[1]) else {
    print("usage: publish HOST:PORT TOPIC")
    exit(2)
}
let topic = CommandLine.arguments[2]

do {
    var options = PublishOptions()
    options.onReconnect = { print("\($0); connecting again") }
    let publisher = try await Publisher.connect(to: broker, options: options)

    while let line = readLine() {
        do {
            // Returns at once while there is room in the window, and waits for room otherwise.
            try await publisher.send(topic: topic, body: line)
        } catch PublishError.refused(let refusal) {
            print("not sent: \(refusal)")
        }
    }
    // Flushes first: whatever had no answer yet has one now.
    try await publisher.close()
    print("\(publisher.counts.accepted) accepted")
} catch {
    print("publish: \(error)")
    exit(1)
}
