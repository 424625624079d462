// SPDX-License-Identifier: Apache-2.0
/// What a new configuration changes in the running one, key by key in the file's own words, and what it can't change.
///
/// Used by the Supervisor before a reload. Pure.
/// Invariant: `settings` is what the file says, with the running value wherever only a restart changes it.

package import Control
package import Settings

package struct SettingsDifference: Equatable, Sendable {
    package private(set) var changed: [ChangeReport.Change] = []
    package private(set) var restart: [ChangeReport.Restart] = []
    /// What is to be used from now on; without placements.
    package private(set) var settings: Settings

    /// - Parameters: `running`: without services that retire. `file`: as read. `portIsGiven`: the sockets were handed
    ///   over, so that nobody asks for address, number and protocols.
    package init(running: Settings, file: Settings, portIsGiven: Bool) {
        settings = file
        settings.version = running.version
        for setting in Self.live { note(setting.key, setting.words(running), setting.words(file)) }
        for setting in Self.fixed {
            setting.keep(running, &settings)
            let (old, new) = (setting.words(running), setting.words(file))
            guard old != new, !(portIsGiven && setting.isPort) else { continue }
            restart.append(.init(setting.key, running: old, file: new))
        }
        services(ServicePairs(running: running.services, new: file.services))
    }

    /// Why it can't be used beside what can't be changed; nil if it can.
    package var fault: String? {
        let most = settings.ring.size / SettingsLimits.arenaShare
        guard settings.port.maxMessage > most else { return nil }
        return "port.max-message: is \(SettingWords.bytes(settings.port.maxMessage)); the running ring of "
            + "\(SettingWords.bytes(settings.ring.size)) takes \(SettingWords.bytes(most)) at most"
    }

    private mutating func note(_ key: String, _ old: String?, _ new: String?) {
        if old != new { changed.append(.init(key, from: old, to: new)) }
    }

    private mutating func services(_ pairs: ServicePairs) {
        for pair in pairs.new {
            let key = "services.\(pair.new.name)"
            guard let old = pair.old else {
                changed.append(.init(key, from: nil, to: "added"))
                continue
            }
            if old.name != pair.new.name { changed.append(.init(key, from: nil, to: "renamed from \(old.name)")) }
            for setting in ServiceSetting.all {
                note("\(key).\(setting.key)", setting.words(old), setting.words(pair.new))
            }
            variables(key + ".environment", old.environment, pair.new.environment)
        }
        for old in pairs.removed {
            changed.append(.init("services.\(old.name)", from: nil, to: "removed (\(Self.word(old.onRemove)))"))
        }
    }

    /// What becomes of what is pending.
    private static func word(_ onRemove: Settings.Service.OnRemove) -> String {
        switch onRemove {
        case .drain: "draining"
        case .dead: "into dead letters"
        case .drop: "dropping"
        }
    }

    /// Names alone: values may be secrets, and more people read the log than the file.
    private mutating func variables(
        _ key: String, _ old: [Settings.Service.Variable], _ new: [Settings.Service.Variable]
    ) {
        let before = Dictionary(old.map { ($0.name, $0.value) }) { $1 }
        for variable in new where before[variable.name] != variable.value {
            let word = before[variable.name] == nil ? "set" : "set to something else"
            changed.append(.init("\(key).\(variable.name)", from: nil, to: word))
        }
        let names = Set(new.map(\.name))
        for variable in old where !names.contains(variable.name) {
            changed.append(.init("\(key).\(variable.name)", from: nil, to: "not set any more"))
        }
    }

    // MARK: the keys

    private struct Live: Sendable {
        let key: String
        let words: @Sendable (Settings) -> String
    }

    private static let live: [Live] = [
        .init(key: "port.max-message") { SettingWords.bytes($0.port.maxMessage) },
        .init(key: "port.max-connections") { "\($0.port.maxConnections)" },
        .init(key: "port.frame-timeout") { SettingWords.duration($0.port.frameTimeout) },
        .init(key: "port.idle-timeout") { SettingWords.duration($0.port.idleTimeout) },
        .init(key: "port.receive-buffer") { SettingWords.bytes($0.port.receiveBuffer) },
        .init(key: "port.gather") { SettingWords.duration($0.port.gather) },
        .init(key: "workers.count") { "\($0.workers.count)" },
        .init(key: "workers.stuck-after") { SettingWords.duration($0.workers.stuckAfter) },
        .init(key: "control.token-file") { $0.control.tokenFile ?? "none" },
        .init(key: "control.read") { SettingWords.permission($0.control.read) },
        .init(key: "control.bodies") { SettingWords.permission($0.control.bodies) },
        .init(key: "control.change") { SettingWords.permission($0.control.change) },
        .init(key: "shutdown.grace") { SettingWords.duration($0.shutdown.grace) },
        .init(key: "update.probation") { SettingWords.duration($0.update.probation) },
        .init(key: "update.drain-timeout") { SettingWords.duration($0.update.drainTimeout) },
    ]

    private struct Fixed: Sendable {
        let key: String
        var isPort = false
        let words: @Sendable (Settings) -> String
        let keep: @Sendable (_ running: Settings, inout Settings) -> Void
    }

    private static let fixed: [Fixed] = [
        .init(key: "port.address", isPort: true) {
            $0.port.address
        } keep: {
            $1.port.address = $0.port.address
        },
        .init(key: "port.number", isPort: true) {
            "\($0.port.number)"
        } keep: {
            $1.port.number = $0.port.number
        },
        .init(key: "port.udp", isPort: true) {
            "\($0.port.udp)"
        } keep: {
            $1.port.udp = $0.port.udp
        },
        .init(key: "port.tcp", isPort: true) {
            "\($0.port.tcp)"
        } keep: {
            $1.port.tcp = $0.port.tcp
        },
        .init(key: "ring.size") {
            SettingWords.bytes($0.ring.size)
        } keep: {
            $1.ring.size = $0.ring.size
        },
        .init(key: "ring.durability") {
            "\($0.ring.durability)"
        } keep: {
            $1.ring.durability = $0.ring.durability
        },
        .init(key: "state.directory") {
            $0.state.directory
        } keep: {
            $1.state.directory = $0.state.directory
        },
        .init(key: "control.socket") {
            $0.control.socket
        } keep: {
            $1.control.socket = $0.control.socket
        },
        .init(key: "control.telnet") {
            $0.control.telnet.map { "\($0.address):\($0.port)" } ?? "none"
        } keep: {
            $1.control.telnet = $0.control.telnet
        },
    ]
}
