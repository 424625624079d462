// SPDX-License-Identifier: Apache-2.0
/// `belfry tail`: notifications as they come in.
///
/// Invariant: it only looks on: the broker neither waits for it nor knows how far it is.

internal import ArgumentParser
internal import Control
internal import LinuxIO
internal import Ring

struct TailVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Show notifications as they come in.",
        usage: "belfry tail [<options>] [<pattern> ...]",
        discussion: """
            Shows each notification whose topic matches one of the patterns, on a line: local time, topic, source, body. \
            Control characters are spelled out (\\n, \\x1B), and in a terminal a long body is cut to its width. It \
            can't slow the broker: if the ring comes round before it has read something, it says how much it missed. It \
            goes on over `belfry restart`, and over `belfry update` unless that goes through the store. \
            Needs the permission control.bodies, which root and the user that belfryd runs as have. Ctrl-C ends it.

            Examples:
              belfry tail
              belfry tail 'alerts.>' syslog.daemon.crit
              belfry tail --source 192.0.2.7
              belfry tail --since 1 --json | jq -r .topic
              belfry tail --count 1 deploy.done && echo deployed
            """)

    @OptionGroup var control: ControlOption

    @Flag(help: "Print JSON, an object on each line: the one that a service with framing: lines gets.")
    var json = false

    @Option(help: ArgumentHelp("Colours: auto, always or never.", valueName: "when"))
    var color = ColourChoice.auto

    @Flag(help: "Cut no body to the terminal's width.")
    var full = false

    @Option(help: ArgumentHelp("End when so many were shown.", valueName: "number"))
    var count: UInt64?

    @Option(
        help: ArgumentHelp(
            "Begin with this sequence (the end of an id; a whole id will do), as far back as the ring reaches; "
                + "1 for all that it holds.", valueName: "sequence"))
    var since: String?

    @Option(help: ArgumentHelp("Only what comes from this address; may be given again.", valueName: "host[:port]"))
    var source: [String] = []

    @Argument(help: ArgumentHelp("Which topics, as in a service's `topics` (default: all).", valueName: "pattern"))
    var patterns: [String] = []

    func validate() throws {
        if count == 0 { throw ValidationError("--count is 0; 1 or more would be right") }
        if let since, TailStart(since) == nil {
            throw ValidationError("--since \"\(since)\" is neither a sequence, from 1 on, nor the id of a message")
        }
        _ = try TailFilter(patterns: patterns, sources: source)
    }

    func run() throws {
        var client = try control.connect()
        let observer = try Self.observer(from: client)
        if let words = since.flatMap(TailStart.init)?.begin(observer) { Output.error("belfry: \(words)") }
        let outlet = try TailOutlet(broker: client.raw)
        let isColoured = color.wantsColour(isTerminal: Output.isTerminal(1), CurrentProcess.environment)
        let text = TailText(columns: nil, isColoured: isColoured)
        let (end, shown) = try Tail(
            observer, try TailFilter(patterns: patterns, sources: source),
            json ? .json : .text(text, fits: !full && Output.isTerminal(1)), outlet, wanted: count ?? .max
        ) {
            guard let next = successor(of: client, observer) else { return nil }
            client = next
            return next.raw
        }.run()
        switch end {
        case .complete: return
        case .interrupted:
            guard let count else { return }
            throw Failure("interrupted after \(shown) of \(TailNotes.count(count))")
        case .brokerEnded: throw Failure(stillRuns(observer) ? Self.letGo : "belfryd has ended")
        }
    }

    private static let letGo = "belfryd has let go of this tail, to make room for another client on its control socket"

    /// A connection to the broker that has taken the ring over from one that has ended.
    private func successor(of client: ControlClient, _ observer: RingObserver) -> ControlClient? {
        guard let next = holder(of: observer), next.server != client.server else { return nil }
        return next
    }

    /// Whether the same one still answers: by now another may have been started in its place.
    private func stillRuns(_ observer: RingObserver) -> Bool { holder(of: observer) != nil }

    /// A connection to whoever has that ring now.
    private func holder(of observer: RingObserver) -> ControlClient? {
        guard let client = try? control.connect(), let now = try? Self.observer(from: client),
            now.logID == observer.logID, now.created == observer.created
        else { return nil }
        return client
    }

    /// On the ring that the broker gave us; a mapping of what is no ring could fault.
    static func observer(from client: ControlClient) throws -> RingObserver {
        guard let log = try client.askForDescriptor(.tail) else {
            throw Failure("belfryd sent no ring to read; is it of another version?")
        }
        guard MemoryFile.isSizeSealed(log.raw) else {
            throw Failure("what belfryd sent is no ring: its size is not sealed")
        }
        let memory = try MemoryFile.map(log.raw, writable: false)
        do throws(RegionError) {
            return try RingObserver(log: memory)
        } catch {
            throw Failure("\(error)")
        }
    }
}
