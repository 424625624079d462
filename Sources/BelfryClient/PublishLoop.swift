// SPDX-License-Identifier: Apache-2.0
/// The thread of a publisher: looks up the address, then moves frames and answers between the engine and the link until
/// the engine has ended.
///
/// Started by Publisher and BlockingPublisher, one each.
/// Invariant: it sleeps whenever there is nothing to move; when it is gone its descriptors are, too.

internal import LinuxIO

struct PublishLoop: Sendable {
    let engine: PublishEngine
    let endpoint: Endpoint
    let options: PublishOptions

    /// Makes the engine and its thread.
    static func start(_ endpoint: Endpoint, _ options: PublishOptions) throws(PublishError) -> PublishEngine {
        let engine = try PublishEngine(options)
        let loop = PublishLoop(engine: engine, endpoint: endpoint, options: options)
        do throws(SystemCallError) {
            try DetachedThread.start(named: "belfry-publish") { loop.run() }
        } catch {
            throw .system(call: error.call, reason: error.reason)
        }
        return engine
    }

    private func run() {
        do throws(PublishError) {
            try serve(try link())
        } catch {
            engine.end(with: error)
        }
        engine.threadEnd.come()
    }

    private func link() throws(PublishError) -> BrokerLink {
        let addresses: [SocketAddress]
        do throws(ResolveError) {
            addresses = try SocketNames.resolve(endpoint.host, port: endpoint.port)
        } catch {
            throw .unresolved(host: error.host, reason: error.reason)
        }
        guard !addresses.isEmpty else { throw .unresolved(host: endpoint.host, reason: "it has no address") }
        do throws(SystemCallError) {
            return try BrokerLink(addresses, bell: engine.bellNumber) { options.onReconnect?($0) }
        } catch {
            throw .system(call: error.call, reason: error.reason)
        }
    }

    private func serve(_ link: consuming BrokerLink) throws(PublishError) {
        while let turn = engine.plan(
            after: link.queued, room: link.room, address: link.address, timeout: options.timeout)
        {
            link.queue(turn.frames, through: turn.through)
            let now = Clock.monotonic()
            let answers = try link.proceed(now: now, isWanted: turn.isWanted)
            if !answers.isEmpty {
                engine.take(answers)
            } else if turn.frames.isEmpty {
                try link.wait(until: turn.until, now: now, isWanted: turn.isWanted)
            }
        }
    }
}
