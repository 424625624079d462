// SPDX-License-Identifier: Apache-2.0
/// What somebody asks for on the control socket: one line, `VERB [ARGUMENT]`.
///
/// Parsed by the supervisor, made by ControlClient's users; a person may type it into `nc -U`.
/// Invariant: parsing changes nothing, and every refusal says what would have been right.

package enum ControlRequest: Equatable, Sendable {
    case status(ReportFormat)
    case ledger(ReportFormat)
    case services(ReportFormat, ServiceSelection)
    case change(ServiceAction, ReportFormat, ServiceSelection)
    /// Read the configuration again and go over to it; answered when all roles have.
    case reload(ReportFormat)
    /// So many workers, until the next reload; answered when there are so many.
    case workers(Int, ReportFormat)
    /// A new generation of belfryd from the executable that runs; answered when it serves alone.
    case restart(ReportFormat)
    /// New processes of stream services; answered when they serve alone.
    case restartServices(ReportFormat, ServiceSelection)
    /// A new generation from another executable; answered when it serves alone, or when all is as it was.
    case update(UpdateOrder, ReportFormat)
    /// What was updated and restarted before: answered by the keeper.
    case updates(ReportFormat, KeeperFilter)
    /// As SIGTERM: take nothing more, finish what there is, end.
    case drain
    /// The ring, to read along: answered with a descriptor of R1 that can't be mapped writable.
    case tail
    /// Dead letters: answered by the keeper, as is the next.
    case dead(DeadAction, ReportFormat, KeeperFilter)
    case incidents(ReportFormat, KeeperFilter)
    case help

    /// Bytes of a line without its end. What is longer is refused and the connection closed.
    /// The names of as many services as there may be fit in.
    package static let maximumCount = 8192

    /// What the one who asks must be allowed to.
    package var right: ControlRight {
        switch self {
        case .status, .ledger, .services, .help, .incidents, .updates, .dead(.list, _, _): .readState
        case .tail, .dead(.show, _, _): .readBodies
        case .change, .reload, .workers, .restart, .restartServices, .update, .drain, .dead: .change
        }
    }

    /// The line, without its end.
    package var line: String {
        switch self {
        case .status(let format): "status" + Self.suffix(format)
        case .ledger(let format): "ledger" + Self.suffix(format)
        case .services(let format, let services): "services" + services.words(format)
        case .change(let action, let format, let services): action.rawValue + services.words(format)
        case .reload(let format): "reload" + Self.suffix(format)
        case .workers(let count, let format): "workers \(count)" + Self.suffix(format)
        case .restart(let format): "restart" + Self.suffix(format)
        case .restartServices(let format, let services): "restart" + services.words(format)
        case .update(let order, let format): "update" + order.words(format)
        case .updates(let format, let filter): "update --history \(format.rawValue)" + filter.words
        case .drain: "drain"
        case .tail: "tail"
        case .dead(let action, let format, let filter): "dead \(action.rawValue) \(format.rawValue)" + filter.words
        case .incidents(let format, let filter): "incidents \(format.rawValue)" + filter.words
        case .help: "help"
        }
    }

    /// Whether the keeper answers it.
    package var isForKeeper: Bool {
        switch self {
        case .dead, .incidents: true
        default: false
        }
    }

    /// `line` comes without its newline; a carriage return (telnet) and blanks around words are ignored.
    package static func parse(_ line: Span<UInt8>) throws(ControlFault) -> ControlRequest {
        guard line.count <= maximumCount else {
            throw ControlFault("the request is longer than \(maximumCount) bytes; \(Self.hint)")
        }
        var bytes: [UInt8] = []
        for index in line.indices { bytes.append(line[index]) }
        guard let text = String(validating: bytes, as: UTF8.self), RequestWords.isSpeakable(text) else {
            throw ControlFault("the request is not text; \(Self.hint)")
        }
        let words = try RequestWords.split(text)
        guard let verb = words.first else { throw ControlFault("the request is empty; \(Self.hint)") }
        return try request(verb, Array(words.dropFirst()))
    }

    private static let workerCounts = 1...64
    private static let hint =
        "send one of: status, ledger, services, dead, incidents, tail, reload, workers, pause, resume, retry, restart, "
        + "update, drain, help"

    private static func request(_ verb: String, _ arguments: [String]) throws(ControlFault) -> ControlRequest {
        switch verb {
        case "status": return .status(try format(verb, arguments))
        case "ledger": return .ledger(try format(verb, arguments))
        case "services":
            let (format, services) = try ServiceSelection.parse(verb, arguments, isOptional: true)
            return .services(format, services)
        case "pause", "resume", "retry":
            let (format, services) = try ServiceSelection.parse(verb, arguments, isOptional: false)
            return .change(ServiceAction(rawValue: verb) ?? .retry, format, services)
        case "dead": return try dead(arguments)
        case "incidents": return try incidents(arguments)
        case "reload": return .reload(try format(verb, arguments))
        case "workers":
            guard let count = arguments.first.flatMap(Int.init), workerCounts.contains(count) else {
                throw ControlFault("workers needs a number from 1 to \(workerCounts.upperBound); send \"workers 4\"")
            }
            return .workers(count, try format("workers \(count)", Array(arguments.dropFirst())))
        case "restart": return try restart(arguments)
        case "update": return try update(arguments)
        case "drain":
            try none(verb, arguments)
            return .drain
        case "tail":
            try none(verb, arguments)
            return .tail
        case "help":
            try none(verb, arguments)
            return .help
        default:
            throw ControlFault("there is no request \"\(ControlFault.quotable(verb))\"; \(hint)")
        }
    }

    /// Without a name it is belfryd itself.
    private static func restart(_ arguments: [String]) throws(ControlFault) -> ControlRequest {
        if arguments.isEmpty { return .restart(.text) }
        if arguments.count == 1, let format = ReportFormat(rawValue: arguments[0]) { return .restart(format) }
        let (format, services) = try ServiceSelection.parse("restart", arguments, isOptional: false)
        return .restartServices(format, services)
    }

    private static func format(_ verb: String, _ arguments: [String]) throws(ControlFault) -> ReportFormat {
        guard let word = arguments.first else { return .text }
        guard arguments.count == 1, let format = ReportFormat(rawValue: word) else {
            let given = ControlFault.quotable(arguments.joined(separator: " "))
            throw ControlFault("\(verb) does not know \"\(given)\"; send \"\(verb)\" or \"\(verb) json\"")
        }
        return format
    }

    private static func none(_ verb: String, _ arguments: [String]) throws(ControlFault) {
        guard arguments.isEmpty else {
            let given = ControlFault.quotable(arguments.joined(separator: " "))
            throw ControlFault("\(verb) takes no argument, but \"\(given)\" was given; send \"\(verb)\" alone")
        }
    }

    private static func suffix(_ format: ReportFormat) -> String {
        format == .text ? "" : " " + format.rawValue
    }
}

/// How a report is wanted.
package enum ReportFormat: String, Sendable {
    /// For people, within 80 columns, times in UTC.
    case text
    /// For machines, on one line.
    case json
}

/// A request that was not understood or not done; nothing has changed.
package struct ControlFault: Error, Equatable, Sendable {
    /// What is wrong, and what would be right, on one line.
    package let sentence: String

    package init(_ sentence: String) { self.sentence = sentence }

    /// The asker's own words, short enough for a sentence.
    static func quotable(_ text: String) -> String {
        text.count <= 40 ? text : text.prefix(40) + "…"
    }
}
