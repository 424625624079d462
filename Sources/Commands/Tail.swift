// SPDX-License-Identifier: Apache-2.0
/// Reads along in the ring and prints, until it is told to end, or the broker has ended with none to go on with its ring.
///
/// Made by TailVerb. The ring has no bell for those who only look on, so it looks at the head again and again: every
/// millisecond while something comes, less and less often down to twenty times a second while nothing does.
/// Invariant: the broker never waits for it; what was published is printed, or told as missed, in order, once.

internal import LinuxIO
internal import Ring
internal import Wire

final class Tail {
    /// How notifications are printed.
    enum Form {
        case json
        /// `fits`: cut to the terminal's width, if there is one.
        case text(TailText, fits: Bool)
    }

    enum End: Equatable {
        /// As many as were wanted.
        case complete
        case interrupted
        case brokerEnded
    }

    /// Nanoseconds.
    private static let shortest: UInt64 = 1_000_000
    private static let longest: UInt64 = 50_000_000
    /// Bytes of lines after which they are written.
    private static let batch = 65_536

    private let observer: RingObserver
    private let filter: TailFilter
    private let outlet: TailOutlet
    private var form: Form
    private let wanted: UInt64
    private let successor: () -> CInt?
    private var shown: UInt64 = 0
    private var notes = TailNotes()

    /// - Parameters:
    ///   - wanted: how many notifications end it.
    ///   - successor: a connection to the broker that goes on with the ring when the one before has ended; nil: none does.
    init(
        _ observer: RingObserver, _ filter: TailFilter, _ form: Form, _ outlet: TailOutlet, wanted: UInt64,
        successor: @escaping () -> CInt?
    ) {
        self.successor = successor
        self.observer = observer
        self.filter = filter
        self.form = form
        self.outlet = outlet
        self.wanted = wanted
    }

    /// How many were printed.
    func run() throws -> (end: End, shown: UInt64) {
        let end = try follow()
        for words in notes.sum(missed: observer.missed, damaged: observer.damaged) { Output.error("belfry: \(words)") }
        return (end, shown)
    }

    private func follow() throws -> End {
        var pause = Self.shortest
        var isLast = false
        while true {
            let head = observer.head
            pause = observer.next < head ? Self.shortest : min(pause * 2, Self.longest)
            try show(before: head)
            if shown == wanted { return .complete }
            if outlet.isInterrupted { return .interrupted }
            if outlet.hasBrokerEnded {
                if isLast { return .brokerEnded }
                if let next = successor() { try outlet.follow(next) } else { isLast = true }
            }
            // The acceptor may outlive its supervisor by a moment, and publish in it.
            try outlet.pause(isLast ? Self.longest : pause)
        }
    }

    private func show(before head: UInt64) throws {
        prepare()
        while shown < wanted, !outlet.isInterrupted,
            let record = observer.read(
                before: head,
                where: { [filter] in filter.wants(topic: $1.extracting($0.topic), source: $1.extracting($0.source)) })
        {
            append(record)
            shown += 1
            if outlet.pending.count >= Self.batch { try flush() }
        }
        try flush()
    }

    /// The day may have changed, and the window.
    private func prepare() {
        guard case .text(var text, let fits) = form, observer.next < observer.head else { return }
        text.today = LocalTime(Clock.realtime()).date
        if fits {
            text.columns = Output.width(
                columns: CurrentProcess.environment("COLUMNS"), window: Terminal.size(1)?.columns)
        }
        form = .text(text, fits: fits)
    }

    private func append(_ record: RecordHeader) {
        let payload = observer.payload
        switch form {
        case .json: TailJSON.append(record, payload.span, log: observer.logID, to: &outlet.pending)
        case .text(var text, let fits):
            text.append(record, payload.span, to: &outlet.pending)
            form = .text(text, fits: fits)
        }
    }

    private func flush() throws {
        try outlet.flush()
        if let words = notes.note(missed: observer.missed, at: Clock.monotonic()) { Output.error("belfry: \(words)") }
    }
}
