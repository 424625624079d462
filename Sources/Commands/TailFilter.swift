// SPDX-License-Identifier: Apache-2.0
/// Which notifications a tail shows: those of its patterns, and, if it names sources, those of them.
///
/// Used by `belfry tail`, on what the ring's memory says.
/// Invariant: patterns match here as they do in the broker, so no topic below `belfry.` is shown; nor is a topic that
/// is none.

internal import ArgumentParser
internal import BelfryClient
internal import LinuxIO
internal import Wire

struct TailFilter {
    private let router: Router
    private let sources: [TailSource]

    /// Without a pattern: every topic.
    init(patterns: [String], sources: [String]) throws {
        let all = try (patterns.isEmpty ? [">"] : patterns).map { text in
            do throws(TopicPatternError) {
                return try TopicPattern(text)
            } catch {
                throw ValidationError("\"\(text)\": \(error)")
            }
        }
        router = Router([Router.Entry(slot: 0, patterns: all)])
        self.sources = try sources.map { text in
            guard let source = TailSource(text) else {
                throw ValidationError(
                    "--source \"\(text)\" is no address; 127.0.0.1, 127.0.0.1:50122 or [::1]:50122 would be right")
            }
            return source
        }
    }

    func wants(topic: Span<UInt8>, source: Span<UInt8>) -> Bool {
        guard Topic.isWellFormed(topic), router.route(topic) != 0 else { return false }
        return sources.isEmpty || sources.contains { $0.matches(source) }
    }
}

/// An address, with or without a port, in the one form that the broker writes.
struct TailSource {
    private let text: [UInt8]
    private let hasPort: Bool

    init?(_ text: String) {
        let endpoint = Endpoint(text)
        guard let address = SocketAddress(numeric: endpoint?.host ?? text, port: endpoint?.port ?? 0) else {
            return nil
        }
        hasPort = endpoint != nil
        let written = Array(address.description.utf8)
        // Up to the colon: so 10.0.0.1 is not 10.0.0.12.
        self.text = hasPort ? written : Array(written.dropLast())
    }

    func matches(_ source: Span<UInt8>) -> Bool {
        guard hasPort ? source.count == text.count : source.count > text.count else { return false }
        for index in text.indices where source[index] != text[index] { return false }
        // An IPv6 address has its colons inside the brackets, so what follows ours is the port.
        return true
    }
}
