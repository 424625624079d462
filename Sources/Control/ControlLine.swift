// SPDX-License-Identifier: Apache-2.0
/// A line that came on the control socket, in words: what type of request it is, before anything else is made of it.
///
/// Made by the supervisor, which holds the type against what the asker may do, and only then reads the rest.
/// Invariant: whatever is not known to change nothing counts as a change.

package struct ControlLine: Sendable {
    private let verb: String
    private let arguments: [String]

    /// `line` comes without its newline; a carriage return (telnet) and blanks around words are ignored.
    package init(_ line: Span<UInt8>) throws(ControlFault) {
        guard line.count <= ControlRequest.maximumCount else {
            throw ControlFault("the request is longer than \(ControlRequest.maximumCount) bytes; \(Self.hint)")
        }
        var bytes: [UInt8] = []
        for index in line.indices { bytes.append(line[index]) }
        guard let text = String(validating: bytes, as: UTF8.self), RequestWords.isSpeakable(text) else {
            throw ControlFault("the request is not text; \(Self.hint)")
        }
        let words = try RequestWords.split(text)
        guard let verb = words.first else { throw ControlFault("the request is empty; \(Self.hint)") }
        guard Self.verbs.contains(verb) else {
            throw ControlFault("there is no request \"\(ControlFault.quotable(verb))\"; \(Self.hint)")
        }
        self.verb = verb
        arguments = Array(words.dropFirst())
    }

    /// What the one who asks must be allowed to.
    package var right: ControlRight {
        switch (verb, arguments.first) {
        case ("help", _), ("quit", _): .nothing
        case ("status", _), ("ledger", _), ("services", _), ("incidents", _), ("dead", "list"): .readState
        case ("update", UpdateOrder.history): .readState
        case ("tail", _), ("dead", "show"): .readBodies
        default: .change
        }
    }

    private static let verbs = [
        "status", "ledger", "services", "dead", "incidents", "tail", "reload", "workers", "pause", "resume", "retry",
        "restart", "update", "drain", "help", "quit",
    ]
    private static let hint = "send one of: " + verbs.joined(separator: ", ")
    private static let workerCounts = 1...64

    package func request() throws(ControlFault) -> ControlRequest {
        switch verb {
        case "status": return .status(try format())
        case "ledger": return .ledger(try format())
        case "services":
            let (format, services) = try ServiceSelection.parse(verb, arguments, isOptional: true)
            return .services(format, services)
        case "dead": return try .dead(arguments)
        case "incidents": return try .incidents(arguments)
        case "reload": return .reload(try format())
        case "workers": return try workers()
        case "restart": return try restart()
        case "update": return try .update(arguments)
        case "drain": return try alone(.drain)
        case "tail": return try alone(.tail)
        case "help": return try alone(.help)
        case "quit": return try alone(.quit)
        default:
            let (format, services) = try ServiceSelection.parse(verb, arguments, isOptional: false)
            // Only the verbs of service actions are left.
            return .change(ServiceAction(rawValue: verb) ?? .retry, format, services)
        }
    }

    private func workers() throws(ControlFault) -> ControlRequest {
        guard let count = arguments.first.flatMap(Int.init), Self.workerCounts.contains(count) else {
            throw ControlFault("workers needs a number from 1 to \(Self.workerCounts.upperBound); send \"workers 4\"")
        }
        return .workers(count, try Self.format("workers \(count)", arguments.dropFirst()))
    }

    /// Without a name it is belfryd itself.
    private func restart() throws(ControlFault) -> ControlRequest {
        if arguments.isEmpty { return .restart(.text) }
        if arguments.count == 1, let format = ReportFormat(rawValue: arguments[0]) { return .restart(format) }
        let (format, services) = try ServiceSelection.parse(verb, arguments, isOptional: false)
        return .restartServices(format, services)
    }

    private func format() throws(ControlFault) -> ReportFormat { try Self.format(verb, arguments[...]) }

    private static func format(_ verb: String, _ arguments: ArraySlice<String>) throws(ControlFault) -> ReportFormat {
        guard let word = arguments.first else { return .text }
        guard arguments.count == 1, let format = ReportFormat(rawValue: word) else {
            let given = ControlFault.quotable(arguments.joined(separator: " "))
            throw ControlFault("\(verb) does not know \"\(given)\"; send \"\(verb)\" or \"\(verb) json\"")
        }
        return format
    }

    private func alone(_ request: ControlRequest) throws(ControlFault) -> ControlRequest {
        guard arguments.isEmpty else {
            let given = ControlFault.quotable(arguments.joined(separator: " "))
            throw ControlFault("\(verb) takes no argument, but \"\(given)\" was given; send \"\(verb)\" alone")
        }
        return request
    }
}
