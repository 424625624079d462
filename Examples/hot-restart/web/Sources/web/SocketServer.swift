// SPDX-License-Identifier: Apache-2.0
// Serves HTTP on a socket that is bound already, and ends in good order: every connection gets the answer that it waits
// for, with "Connection: close", and is closed behind it. A client on a connection that rests is told with its next answer.
// It accepts by itself: NIO's own listener takes for granted that it is alone with its socket, which it is not while two
// generations serve, and lets go of what it has accepted last when it is closed.
// Invariant: a connection is never closed while a request may be on its way to it, but at `overdue`.

import Dispatch
import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

final class SocketServer: Sendable {
    private let draining: Draining
    // Holds: a source may be cancelled from any thread.
    private nonisolated(unsafe) let accepting: any DispatchSourceRead
    private let serving: Task<Void, Never>

    private final class Draining: Sendable {
        private let flag = Atomic(false)
        var hasBegun: Bool { flag.load(ordering: .relaxed) }
        func begin() { flag.store(true, ordering: .relaxed) }
    }

    init<Responder: HTTPResponder>(
        _ socket: CInt, _ responder: Responder, _ logger: Logger
    ) where Responder.Context == BasicRequestContext {
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
        let (accepted, sink) = AsyncStream.makeStream(of: CInt.self)
        self.draining = draining
        accepting = Self.accept(from: socket, into: sink)
        serving = Task {
            await withDiscardingTaskGroup { group in
                for await connection in accepted {
                    group.addTask { await Self.serve(connection, http, logger) }
                }
            }
        }
    }

    /// Takes no new connection, and returns when the last one is closed.
    func finish() async {
        draining.begin()
        accepting.cancel()
        await serving.value
    }

    private static func accept(
        from socket: CInt, into sink: AsyncStream<CInt>.Continuation
    ) -> any DispatchSourceRead {
        let source = DispatchSource.makeReadSource(fileDescriptor: socket, queue: DispatchQueue(label: "accept"))
        source.setEventHandler {
            while true {
                // The socket does not block: another generation may have been faster, and then there is nothing.
                let connection = Glibc.accept(socket, nil, nil)
                guard connection >= 0 else { return }
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                sink.yield(connection)
            }
        }
        // Behind the last event: what that has accepted is served.
        source.setCancelHandler {
            close(socket)
            sink.finish()
        }
        source.activate()
        return source
    }

    private static func serve(_ connection: CInt, _ http: HTTP1Channel, _ logger: Logger) async {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
                .withConnectedSocket(connection) { http.setup(channel: $0, logger: logger) }
            await http.handle(value: channel, logger: logger)
        } catch {
            logger.debug("a connection was gone before it was served: \(error)")
        }
    }
}
