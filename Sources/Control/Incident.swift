// SPDX-License-Identifier: Apache-2.0
/// Something that happened to a process of Belfry or of a service: what `belfry incidents` lists.
///
/// Told by the roles, collected by the supervisor, kept by the keeper. docs/operations.md explains each kind.
/// Invariant: raw values lie in the store, so that none is ever given a second meaning; words are of bounded length.

package struct Incident: Equatable, Sendable {
    package enum Kind: UInt8, CaseIterable, Sendable {
        case roleExit = 1
        case roleKilled = 2
        case serviceExit = 3
        case serviceTimeout = 4
        case launchFailure = 5
        case corruption = 6
        case disk = 7
        case lost = 8
        case overload = 9
        case login = 10

        package var word: String {
            switch self {
            case .roleExit: "role-exit"
            case .roleKilled: "role-killed"
            case .serviceExit: "service-exit"
            case .serviceTimeout: "service-timeout"
            case .launchFailure: "launch-failure"
            case .corruption: "corruption"
            case .disk: "disk"
            case .lost: "lost"
            case .overload: "overload"
            case .login: "login"
            }
        }

        package init?(word: String) {
            guard let kind = Self.allCases.first(where: { $0.word == word }) else { return nil }
            self = kind
        }
    }

    package static let processLimit = 128
    package static let detailLimit = 512

    /// When it happened last, ns since 1970.
    package var time: UInt64
    package var kind: Kind
    /// A role ("acceptor", "worker 1") or a service's name.
    package var process: String
    package var detail: String
    /// How often, in the same words, within a minute.
    package var count: UInt64

    package init(time: UInt64 = 0, _ kind: Kind, _ process: String, _ detail: String, count: UInt64 = 1) {
        self.time = time
        self.kind = kind
        self.process = Self.cut(process, Self.processLimit)
        self.detail = Self.cut(detail, Self.detailLimit)
        self.count = count
    }

    package func isSame(as other: Incident) -> Bool {
        kind == other.kind && process == other.process && detail == other.detail
    }

    /// So many bytes at most, and no half of a character.
    private static func cut(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var cut = text
        while cut.utf8.count > limit { cut.removeLast() }
        return cut
    }
}
