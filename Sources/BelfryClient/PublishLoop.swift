// SPDX-License-Identifier: Apache-2.0
/// The thread of a publisher: looks up the address, then moves frames and answers between the engine and the link until
/// the engine has ended.
///
/// Started by Publisher and BlockingPublisher, one each.
/// Invariant: it sleeps whenever there is nothing to move; when it is gone its descriptors are, too.

internal import LinuxIO

package final class PublishLoop {
    private let engine: PublishEngine
    private let endpoint: Endpoint
    private let options: PublishOptions
    private var made: BrokerLink?

    package init(_ engine: PublishEngine, _ endpoint: Endpoint, _ options: PublishOptions) {
        self.engine = engine
        self.endpoint = endpoint
        self.options = options
    }

    /// Makes the engine and its thread.
    static func start(_ endpoint: Endpoint, _ options: PublishOptions) throws(PublishError) -> PublishEngine {
        let engine = try PublishEngine(options)
        do throws(SystemCallError) {
            try DetachedThread.start(named: "belfry-publish") { PublishLoop(engine, endpoint, options).run() }
        } catch {
            throw .system(call: error.call, reason: error.reason)
        }
        return engine
    }

    private func run() {
        do throws(PublishError) {
            while try turn() {}
        } catch {
            engine.end(with: error)
        }
        made = nil
        engine.threadEnd.come()
    }

    /// Moves what can be moved; waits if that was nothing.
    /// - Returns: false when it is over.
    package func turn(waits: Bool = true) throws(PublishError) -> Bool {
        let link = try link()
        guard let turn = engine.plan(after: link.queued, address: link.address, timeout: options.timeout) else {
            return false
        }
        let hasFrames = turn.frames != nil
        if let frames = turn.frames { link.queue(frames) }
        let now = Clock.monotonic()
        let answers = try link.proceed(now: now, isWanted: turn.isWanted)
        if !answers.isEmpty {
            engine.take(answers)
        } else if waits, !hasFrames {
            try link.wait(until: turn.until, now: now, isWanted: turn.isWanted)
        }
        return true
    }

    /// Made at the first turn.
    private func link() throws(PublishError) -> BrokerLink {
        if let made { return made }
        let addresses: [SocketAddress]
        do throws(ResolveError) {
            addresses = try SocketNames.resolve(endpoint.host, port: endpoint.port)
        } catch {
            throw .unresolved(host: error.host, reason: error.reason)
        }
        guard !addresses.isEmpty else { throw .unresolved(host: endpoint.host, reason: "it has no address") }
        do throws(SystemCallError) {
            let link = try BrokerLink(addresses, bell: engine.bellNumber) { [options] in options.onReconnect?($0) }
            made = link
            return link
        } catch {
            throw .system(call: error.call, reason: error.reason)
        }
    }
}
