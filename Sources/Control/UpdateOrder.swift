// SPDX-License-Identifier: Apache-2.0
/// What is to be run instead of the belfryd that runs: `update [json] [--dry-run] [--through-store] PATH [-- ARG…]`.
///
/// Part of ControlRequest; made by `belfry update`, carried out by the supervisor.
/// Invariant: the path is absolute, as belfryd has another folder than the one who asks; arguments are taken as they are.

package struct UpdateOrder: Equatable, Sendable {
    package var executable: String
    /// Behind `--`: for the new belfryd.
    package var arguments: [String]
    /// Ends with the trial, before anything is touched.
    package var isDryRun: Bool
    /// Everything pending goes to the disk and is read back, for an executable that has another layout of the ring.
    package var isThroughStore: Bool

    package init(
        _ executable: String, arguments: [String] = [], isDryRun: Bool = false, isThroughStore: Bool = false
    ) {
        self.executable = executable
        self.arguments = arguments
        self.isDryRun = isDryRun
        self.isThroughStore = isThroughStore
    }

    static let dryRun = "--dry-run"
    static let throughStore = "--through-store"
    static let history = "--history"
    private static let end = "--"

    /// A word that no line can hold; nil if there is none.
    package var unspeakable: String? { ([executable] + arguments).first { !RequestWords.isSpeakable($0) } }

    /// The arguments that `ControlRequest.update` reads back, each with a blank before it.
    func words(_ format: ReportFormat) -> String {
        var words = [format.rawValue]
        if isDryRun { words.append(Self.dryRun) }
        if isThroughStore { words.append(Self.throughStore) }
        words.append(RequestWords.quoted(executable))
        if !arguments.isEmpty { words += [Self.end] + arguments.map(RequestWords.quoted) }
        return words.map { " " + $0 }.joined()
    }

    /// - Parameter words: without the format.
    init(_ words: ArraySlice<String>) throws(ControlFault) {
        let own = words.prefix { $0 != Self.end }
        self.init("", arguments: Array(words[own.endIndex...].dropFirst()))
        for word in own {
            switch word {
            case Self.dryRun: isDryRun = true
            case Self.throughStore: isThroughStore = true
            case _ where word.hasPrefix("-") || !executable.isEmpty:
                throw ControlFault("update does not know \"\(ControlFault.quotable(word))\"; \(Self.hint)")
            default: executable = word
            }
        }
        guard executable.hasPrefix("/") else {
            let given = executable.isEmpty ? "" : ", but \"\(ControlFault.quotable(executable))\" was given"
            throw ControlFault("update needs the full path of an executable\(given); \(Self.hint)")
        }
    }

    private static let hint =
        "send \"update /PATH/OF/BELFRYD\", with \(dryRun) or \(throughStore) before the path, and -- ARG… behind it"
}

extension ControlRequest {
    static func update(_ arguments: [String]) throws(ControlFault) -> ControlRequest {
        if arguments.first == UpdateOrder.history {
            var words = KeeperWords(
                "update \(UpdateOrder.history)", keys: ["since", "until", "limit"], takesIDs: false)
            try words.parse(Array(arguments.dropFirst()))
            return .updates(words.format, words.filter)
        }
        var words = arguments[...]
        let format = words.first.flatMap(ReportFormat.init)
        if format != nil { words = words.dropFirst() }
        return .update(try UpdateOrder(words), format ?? .text)
    }
}
