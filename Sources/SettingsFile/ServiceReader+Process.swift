// SPDX-License-Identifier: Apache-2.0
/// What a service's process is like: command, folder, environment, user and limits.
///
/// Used by ServiceReader.
/// Invariant: the command's path is absolute. A program that is not there is a warning only: it may come later, and
/// the launch backs off until it does.

internal import LinuxIO
internal import Settings
internal import Yams

extension ServiceReader {
    func readCommand() -> [String]? {
        let example = "[/usr/bin/logger, --tag, alarm]"
        guard section.value("command") != nil else {
            missing("command", example)
            return nil
        }
        guard let words = section.texts("command", SettingsLimits.wordsPerCommand, example: example),
            let first = words.first
        else { return nil }
        guard first.text.contains("/") else {
            let found = system.path.map { $0 + "/" + first.text }.first { system.isExecutable($0) }
            faults.add(
                first.place, section.name("command[1]"),
                "is \"\(first.text)\", and commands are not looked up in PATH; "
                    + "\(found ?? "the full path of the program, or a path from this file's folder,") would be right")
            return nil
        }
        let program = SettingsReader.absolute(first.text, in: folder)
        if !system.isExecutable(program) {
            faults.warn(first.place, section.name("command[1]"), "\(program) is not there, or can't be executed")
        }
        return [program] + words.dropFirst().map(\.text)
    }

    func readProcess(into service: inout Settings.Service) {
        if let (text, _) = section.text("directory", example: "the path of a folder") {
            service.directory = SettingsReader.absolute(text, in: folder)
        }
        section.section("environment") { service.environment = readEnvironment($0) }
        service.credentials = readCredentials()
        section.section("limits") { service.limits = readLimits($0) }
    }

    private func readEnvironment(_ section: Section) -> [Settings.Service.Variable] {
        var variables: [Settings.Service.Variable] = []
        for (name, place, value) in section.pairs() {
            if !Self.isVariable(name) {
                faults.add(
                    place, section.path, "\"\(name)\" is no name of a variable; letters, digits and _ would be right")
            } else if name.hasPrefix("BELFRY_") {
                faults.add(
                    place, section.name(name), "BELFRY_ is for Belfry's own variables; another name would be right")
            } else if let text = Section.isNull(value) ? "" : section.plainText(value) {
                variables.append(.init(name: name, value: text))
            } else {
                section.wrong(value, name, "a text, in quotes if need be,")
            }
        }
        if variables.count > SettingsLimits.variables {
            faults.add(
                section.place, section.path,
                "has \(variables.count) variables; \(SettingsLimits.variables) at most would be right")
        }
        return variables
    }

    private static func isVariable(_ name: String) -> Bool {
        name.utf8.enumerated().allSatisfy { index, byte in
            (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F || (index > 0 && (0x30...0x39).contains(byte))
        } && !name.isEmpty
    }

    private func readCredentials() -> Settings.Service.Credentials? {
        let user = section.text("user", example: "the name of a user")
        let group = section.text("group", example: "the name of a group")
        guard let user else {
            if let group {
                faults.add(group.place, section.name("group"), "stands without user; user beside it would be right")
            }
            return nil
        }
        guard let record = system.user(user.text) else {
            faults.add(
                user.place, section.name("user"),
                "there is no user \"\(user.text)\" on this machine; one from /etc/passwd would be right")
            return nil
        }
        if system.ownUser != 0, system.ownUser != record.user {
            faults.add(
                user.place, section.name("user"),
                "only root can run a service as \"\(user.text)\"; leaving it out, or starting belfryd as root, "
                    + "would be right"
            )
        }
        var credentials = Settings.Service.Credentials(
            user: record.name, uid: record.user, gid: record.group,
            groups: Array(record.groups.prefix(SettingsLimits.groups)))
        if let group {
            guard let number = system.group(group.text) else {
                faults.add(
                    group.place, section.name("group"),
                    "there is no group \"\(group.text)\" on this machine; one from /etc/group would be right")
                return nil
            }
            credentials.gid = number
        }
        return credentials
    }

    private func readLimits(_ section: Section) -> [Settings.Service.Limit] {
        var limits: [Settings.Service.Limit] = []
        for (name, place, value) in section.pairs() {
            guard let limit = ResourceLimit(rawValue: name) else {
                let all = ResourceLimit.allCases.map(\.rawValue)
                faults.add(
                    place, section.name(name), "there is no such limit; \(Suggestion.text(for: name, among: all))")
                continue
            }
            guard let (soft, hard) = readLimit(value, section, name) else { continue }
            limits.append(.init(name: name, resource: limit.resource, soft: soft, hard: hard))
        }
        return limits
    }

    /// One value for both, or { soft: …, hard: … }.
    private func readLimit(_ node: Node, _ section: Section, _ name: String) -> (soft: UInt64, hard: UInt64)? {
        let right = "a number, a size such as 64MiB, infinity, or { soft: …, hard: … }"
        if let both = Self.limit(node) { return (both, both) }
        guard let mapping = node.mapping, mapping.count == 2, let soft = mapping["soft"].flatMap(Self.limit),
            let hard = mapping["hard"].flatMap(Self.limit)
        else {
            section.wrong(node, name, right)
            return nil
        }
        guard soft <= hard else {
            section.faults.add(
                YAMLDocument.place(node.mark), section.name(name),
                "soft is over hard; a soft limit of hard at most would be right")
            return nil
        }
        return (soft, hard)
    }

    private static func limit(_ node: Node) -> UInt64? {
        guard let text = node.scalar?.string else { return nil }
        return text == "infinity" ? ResourceLimit.infinity : Units.bytes(text).map { UInt64($0) }
    }
}
