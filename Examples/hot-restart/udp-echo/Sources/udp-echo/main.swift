// SPDX-License-Identifier: Apache-2.0
// Sends each datagram back, over any number of restarts (`kill -USR2 PID`), without losing one: the socket passes from
// generation to generation, and what waits in it with it.
// Usage: udp-echo [PORT], and PID_FILE=FILE in the environment for a file with the pid of the one that serves.

import Glibc
import HotRestart

/// Sends back what waits in the socket, until nothing does.
func echo(_ socket: CInt) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var sender = sockaddr_storage()
    while true {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &sender) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sender in
                let count = recvfrom(socket, &buffer, buffer.count, 0, sender, &length)
                if count >= 0 { sendto(socket, buffer, count, 0, sender, length) } else { length = 0 }
            }
        }
        if length == 0 { return }
    }
}

var options = GenerationOptions()
options.pidFile = getenv("PID_FILE").map { String(cString: $0) }

let generation = try Generation.start(options)
let port = CommandLine.arguments.dropFirst().first.flatMap { UInt16($0) } ?? 7777
let socket = try generation.udp(named: "port", port: port)
try generation.ready()

while true {
    var ready = [
        pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
        pollfd(fd: generation.turnDescriptor, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&ready, 2, -1) > 0 else { continue }
    switch ready[1].revents == 0 ? nil : generation.next(within: .zero) {
    // Nothing that was read is unanswered here, and what was not read is the next generation's.
    case .drain, .overdue: exit(0)
    case .failed(let reason): print("not restarted: \(reason)")
    case .handOver, nil: break
    }
    echo(socket)
}
