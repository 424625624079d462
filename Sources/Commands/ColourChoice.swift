// SPDX-License-Identifier: Apache-2.0
/// Whether text gets colours: what the user said, else what the environment says, else whether a terminal would show them.
///
/// Used by the verbs that print text.
/// Invariant: --color wins over NO_COLOR, that over CLICOLOR_FORCE, that over TERM and whether stdout is a terminal. A
/// variable that is set but empty says nothing (no-color.org).

internal import ArgumentParser

enum ColourChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never

    func wantsColour(isTerminal: Bool, _ environment: (String) -> String?) -> Bool {
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        switch self {
        case .always: return true
        case .never: return false
        case .auto:
            if value("NO_COLOR") != nil { return false }
            if let forced = value("CLICOLOR_FORCE"), forced != "0" { return true }
            return isTerminal && value("TERM") != "dumb"
        }
    }
}
