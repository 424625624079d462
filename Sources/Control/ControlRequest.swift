// SPDX-License-Identifier: Apache-2.0
/// What somebody asks for on the control socket: one line, `VERB [ARGUMENT]`.
///
/// Parsed by the supervisor out of a ControlLine, made by ControlClient's users; a person may type it into `nc -U`.
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
    /// To be let go.
    case quit

    /// Bytes of a line without its end. What is longer is refused and the connection closed.
    /// The names of as many services as there may be fit in.
    package static let maximumCount = 8192

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
        case .quit: "quit"
        }
    }

    /// Whether the keeper answers it.
    package var isForKeeper: Bool {
        switch self {
        case .dead, .incidents, .updates: true
        default: false
        }
    }

    package static func parse(_ line: Span<UInt8>) throws(ControlFault) -> ControlRequest {
        try ControlLine(line).request()
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
