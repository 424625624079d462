// SPDX-License-Identifier: Apache-2.0
/// Which services a request is about: all, or those of these names.
///
/// Part of ControlRequest; the supervisor finds the slots for it.
/// Invariant: a name is none of the format words and not `*`, unless a format word stands before it on the line.

package enum ServiceSelection: Equatable, Sendable {
    /// `*` on the line.
    case all
    /// One at least.
    case named([String])

    private static let everything = "*"

    /// `VERB [json|text] NAME…|*`; with `isOptional`, no name means all.
    static func parse(
        _ verb: String, _ arguments: [String], isOptional: Bool
    ) throws(ControlFault) -> (ReportFormat, ServiceSelection) {
        var names = arguments[...]
        let format = names.first.flatMap(ReportFormat.init)
        if format != nil { names = names.dropFirst() }
        if names.isEmpty, !isOptional {
            throw ControlFault("\(verb) needs a service; send \"\(verb) NAME\", or \"\(verb) \(everything)\" for all")
        }
        if names.isEmpty || names.elementsEqual([everything]) { return (format ?? .text, .all) }
        guard !names.contains(everything) else {
            throw ControlFault("\(verb) takes either names or \"\(everything)\", not both")
        }
        var seen: Set<String> = []
        return (format ?? .text, .named(names.filter { seen.insert($0).inserted }))
    }

    /// The arguments that `parse` reads back.
    func words(_ format: ReportFormat) -> String {
        switch self {
        case .all: " \(format.rawValue) \(Self.everything)"
        // A service may be called "json".
        case .named(let names): " \(format.rawValue) " + names.map(RequestWords.quoted).joined(separator: " ")
        }
    }
}
