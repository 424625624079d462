// SPDX-License-Identifier: Apache-2.0
/// The keys of a service and their values in words, in the order of the handbook.
///
/// Used by SettingsDifference. Pure; `renamed-from` is not among them: what it did is told as the renaming; nor is
/// `environment`, of which SettingsDifference tells the names alone.
/// Invariant: two services with the same words under every key, and the same environment, do the same.

internal import Settings

struct ServiceSetting: Sendable {
    let key: String
    /// nil: nothing is set.
    let words: @Sendable (Settings.Service) -> String?

    static let all: [ServiceSetting] = [
        .init(key: "topics") { SettingWords.list($0.topics) },
        .init(key: "command") { SettingWords.list($0.command) },
        .init(key: "mode") { "\($0.mode)" },
        .init(key: "framing") { "\($0.framing)" },
        .init(key: "instances") { "\($0.instances)" },
        .init(key: "lanes") { "\($0.lanes)" },
        .init(key: "concurrency") { "\($0.concurrency)" },
        .init(key: "in-flight") { "\($0.inFlight)" },
        .init(key: "ack-timeout") { SettingWords.duration($0.ackTimeout) },
        .init(key: "idle-timeout") { SettingWords.duration($0.idleTimeout) },
        .init(key: "retry.attempts") { "\($0.retry.attempts)" },
        .init(key: "retry.backoff") { SettingWords.duration($0.retry.backoff) },
        .init(key: "retry.max-backoff") { SettingWords.duration($0.retry.maxBackoff) },
        .init(key: "retry.jitter") { "\($0.retry.jitter)%" },
        .init(key: "retry.time-limit") { SettingWords.duration($0.retry.timeLimit) },
        .init(key: "retain.bytes") { $0.retain.bytes.map(SettingWords.bytes) ?? "none" },
        .init(key: "retain.age") { SettingWords.duration($0.retain.age) },
        .init(key: "order") { "\($0.order)" },
        .init(key: "directory") { $0.directory },
        .init(key: "user", words: credentials),
        .init(key: "limits", words: limits),
        .init(key: "on-remove") { "\($0.onRemove)" },
    ]

    private static func credentials(_ service: Settings.Service) -> String? {
        service.credentials.map { user in
            let groups = user.groups.map(String.init).joined(separator: ", ")
            return "\(user.user) (uid \(user.uid), gid \(user.gid), groups \(groups))"
        }
    }

    private static func limits(_ service: Settings.Service) -> String? {
        guard !service.limits.isEmpty else { return nil }
        let words = service.limits.map { limit in
            "\(limit.name): \(SettingWords.limit(limit.soft))"
                + (limit.soft == limit.hard ? "" : "/\(SettingWords.limit(limit.hard))")
        }
        return "{" + words.joined(separator: ", ") + "}"
    }
}
