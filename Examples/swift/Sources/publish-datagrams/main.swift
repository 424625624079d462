// SPDX-License-Identifier: Apache-2.0
// Sends each line of standard input in a datagram of its own, many with one system call. Nobody says what arrives.
// Usage: publish-datagrams HOST:PORT TOPIC

import BelfryClient
import Glibc

guard CommandLine.arguments.count == 3, let broker = Endpoint(CommandLine.arguments[1]) else {
    print("usage: publish-datagrams HOST:PORT TOPIC")
    exit(2)
}
let topic = CommandLine.arguments[2]

do {
    let publisher = try DatagramPublisher(to: broker)
    var batch: [DatagramPublisher.Message] = []
    while let line = readLine() {
        batch.append(.init(topic: topic, body: line))
        if batch.count == 64 {
            try publisher.send(batch)
            batch.removeAll()
        }
    }
    try publisher.send(batch)
} catch {
    print("publish-datagrams: \(error)")
    exit(1)
}
