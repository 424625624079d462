// SPDX-License-Identifier: Apache-2.0
// A Hummingbird web server that is restarted (`kill -USR2 PID`) without a client noticing: no request fails, no connection
// is reset. All that hot restart adds to an ordinary server stands in `main`; SocketServer.swift is what Hummingbird lacks,
// a server on a socket that is bound already.
// Usage: web [PORT], and PID_FILE=FILE in the environment for a file with the pid of the one that serves.

import Foundation
import HotRestart
import Hummingbird
import Logging

@main
struct Web {
    static func main() async throws {
        var options = GenerationOptions()
        options.pidFile = ProcessInfo.processInfo.environment["PID_FILE"]

        let generation = try Generation.start(options)
        let port = CommandLine.arguments.dropFirst().first.flatMap { UInt16($0) } ?? 8080
        let socket = try generation.tcp(named: "port", port: port)
        let logger = Logger(label: "web")
        let server = SocketServer(socket, router(generation.number).buildResponder(), logger)
        try generation.ready()

        for await turn in generation.turns {
            switch turn {
            case .drain:
                Task {
                    await server.finish()
                    exit(0)
                }
            case .overdue: exit(1)
            case .failed(let reason): logger.error("not restarted: \(reason)")
            case .handOver: break
            }
        }
    }

    static func router(_ number: Int) -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/") { _, _ in "generation \(number)\n" }
        router.get("/slow") { _, _ -> String in
            try await Task.sleep(for: .milliseconds(100))
            return "generation \(number)\n"
        }
        return router
    }
}
