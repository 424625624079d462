// SPDX-License-Identifier: Apache-2.0
// Serves HTTP on a socket that is bound already, and ends in good order: every connection gets the answer that it waits
// for, with "Connection: close", and is closed behind it. A client on a connection that rests is told with its next answer.
// Invariant: a connection is never closed while a request may be on its way to it, but at `overdue`.

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

final class SocketServer: Sendable {
    private static let group = MultiThreadedEventLoopGroup.singleton
    private let draining: Draining
    private let listener: any Channel
    private let serving: Task<Void, Never>

    private final class Draining: Sendable {
        private let flag = Atomic(false)
        var hasBegun: Bool { flag.load(ordering: .relaxed) }
        func begin() { flag.store(true, ordering: .relaxed) }
    }

    init<Responder: HTTPResponder>(
        _ socket: CInt, _ responder: Responder, _ logger: Logger
    ) async throws where Responder.Context == BasicRequestContext {
        let draining = Draining()
        let http = HTTP1Channel { (request, writer: consuming ResponseWriter, channel) in
            let context = BasicRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
            var response: Response
            do {
                response = try await responder.respond(to: request, context: context)
            } catch {
                response = Response(status: .internalServerError)
            }
            if draining.hasBegun {
                response.headers[.connection] = "close"
                // Hummingbird closes a connection that gets this event once the answer under way is written.
                channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            }
            try await writer.write(response: response.head, body: response.body)
        }
        let accepted = try await ServerBootstrap(group: Self.group)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .bind(socket) { channel in http.setup(channel: channel, logger: logger) }
        self.draining = draining
        listener = accepted.channel
        serving = Task {
            await withDiscardingTaskGroup { group in
                do {
                    try await accepted.executeThenClose { connections in
                        for try await connection in connections {
                            group.addTask { await http.handle(value: connection, logger: logger) }
                        }
                    }
                } catch {
                    logger.error("no more connections: \(error)")
                }
            }
        }
    }

    /// Takes no new connection, and returns when the last one is closed.
    func finish() async throws {
        draining.begin()
        try await listener.setOption(ChannelOptions.autoRead, value: false)
        // A connection that was accepted just now is on its way through the event loops; it would be dropped if the
        // listener closed before it is through, which it is once they have come to what is submitted behind it.
        for loop in Self.group.makeIterator() { try await loop.submit {}.get() }
        try await listener.eventLoop.submit {}.get()
        try await listener.close()
        await serving.value
    }
}
