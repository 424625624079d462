// SPDX-License-Identifier: Apache-2.0
/// The section `control` of a configuration: where belfryd is asked, and who may ask for what.
///
/// Used by SettingsReader.
/// Invariant: a telnet port that others than this machine can reach is only taken in the operator's explicit words, and
/// with a token.

internal import LinuxIO
internal import Settings
internal import Yams

struct ControlSettingsReader {
    let section: Section
    let folder: String
    let system: SystemNames
    private var faults: FaultList { section.faults }

    init(section: Section, folder: String, system: SystemNames) {
        self.section = section
        self.folder = folder
        self.system = system
    }

    func read() -> Settings.Control {
        var control = Settings.Control()
        readSocket(into: &control)
        control.tokenFile = section.path("token-file", "/etc/belfry/token", in: folder)
        control.read = permission("read")
        control.bodies = permission("bodies")
        control.change = permission("change")
        control.telnet = telnet(hasToken: control.tokenFile != nil)
        return control
    }

    private func readSocket(into control: inout Settings.Control) {
        let place = section.value("socket").flatMap { YAMLDocument.place($0.mark) }
        control.socket = section.path("socket", "/run/belfry/control.sock", in: folder) ?? control.socket
        guard control.socket.utf8.count > SettingsLimits.socketPath else { return }
        faults.add(
            place, section.name("socket"),
            "has \(control.socket.utf8.count) bytes as a full path; \(SettingsLimits.socketPath) at most would be right"
        )
    }

    private func telnet(hasToken: Bool) -> Settings.Control.Telnet? {
        var isMeant = false
        section.flag("telnet-anywhere", into: &isMeant)
        let example = "an address and a port such as 127.0.0.1:2356"
        guard let (text, place) = section.text("telnet", example: example) else { return nil }
        let colon = text.lastIndex(of: ":") ?? text.startIndex
        let host = String(text[..<colon])
        guard let port = Units.number(String(text[colon...].dropFirst())), (0...65_535).contains(port),
            !host.contains(":") || host.hasPrefix("["), let address = SocketAddress(numeric: host, port: UInt16(port))
        else {
            faults.add(place, section.name("telnet"), "is \"\(text)\"; \(example) would be right")
            return nil
        }
        if !address.isLoopback {
            if !isMeant {
                faults.add(
                    place, section.name("telnet"),
                    "is \(text), where others than this machine reach it, and telnet hides nothing on its way; "
                        + "127.0.0.1:\(port), or telnet-anywhere: true beside it, would be right")
            } else if !hasToken {
                faults.add(
                    place, section.name("telnet"),
                    "is \(text), where others than this machine reach it; a token-file beside it would be right")
            }
        }
        return .init(address: host.filter { $0 != "[" && $0 != "]" }, port: UInt16(port))
    }

    private func permission(_ key: String) -> Settings.Control.Permission? {
        var permission: Settings.Control.Permission?
        section.section(key) { names in
            permission = .init(
                users: numbers(names, "users", "user", "/etc/passwd") { UInt32($0) ?? system.user($0)?.user },
                groups: numbers(names, "groups", "group", "/etc/group") { UInt32($0) ?? system.group($0) })
        }
        return permission
    }

    private func numbers(
        _ names: Section, _ key: String, _ kind: String, _ file: String, _ lookup: (String) -> UInt32?
    ) -> [UInt32] {
        let given = names.texts(key, 0...SettingsLimits.groups, example: "such as [me, 1000]") ?? []
        return given.compactMap { name in
            if let number = lookup(name.text) { return number }
            faults.add(
                name.place, names.name(key),
                "there is no \(kind) \"\(name.text)\" on this machine; one from \(file), or a number, would be right")
            return nil
        }
    }
}
