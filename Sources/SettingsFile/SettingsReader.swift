// SPDX-License-Identifier: Apache-2.0
/// The top of a configuration file: every section, and the list of services.
///
/// Used by SettingsFile for a file that is YAML.
/// Invariant: reads on after a fault, so that one run finds them all.

internal import LinuxIO
internal import Settings
internal import Yams

struct SettingsReader {
    let faults: FaultList
    /// Absolute; relative paths start here.
    let folder: String
    let system: SystemNames

    func read(_ document: YAMLDocument) -> Settings {
        var settings = Settings()
        guard let root = document.root, let file = Section(root, path: "", faults: faults) else { return settings }
        file.section("port") { readPort($0, into: &settings.port) }
        file.section("workers") {
            $0.number("count", SettingsLimits.workers, into: &settings.workers.count)
            $0.duration("stuck-after", into: &settings.workers.stuckAfter)
        }
        var ringPlace: SettingsFault.Place?
        file.section("ring") { ringPlace = readRing($0, into: &settings.ring) }
        file.section("state") { readPath($0, "directory", "/var/lib/belfry", into: &settings.state.directory) }
        file.section("control") {
            settings.control = ControlSettingsReader(section: $0, folder: folder, system: system).read()
        }
        file.section("shutdown") { $0.duration("grace", SettingsLimits.zeroOrMore, into: &settings.shutdown.grace) }
        file.section("update") { section in
            section.duration("probation", SettingsLimits.zeroOrMore, into: &settings.update.probation)
            section.optionalDuration("drain-timeout", into: &settings.update.drainTimeout)
        }
        readServices(file, into: &settings)
        checkSizes(file, settings, ringPlace)
        file.finish()
        return settings
    }

    private func readPort(_ section: Section, into port: inout Settings.Port) {
        if let (text, place) = section.text("address", example: "an address such as 127.0.0.1 or ::1") {
            if SocketAddress(numeric: text, port: 0) == nil {
                faults.add(
                    place, section.name("address"),
                    "\"\(text)\" is no IPv4 or IPv6 address; 127.0.0.1, ::1, 0.0.0.0 or :: would be right")
            }
            port.address = text
        }
        var number = Int(port.number)
        section.number("number", 0...65_535, into: &number)
        port.number = UInt16(number)
        section.flag("udp", into: &port.udp)
        section.flag("tcp", into: &port.tcp)
        if !port.udp, !port.tcp {
            faults.add(section.place, section.path, "has neither udp nor tcp; one of them at least would be right")
        }
        section.bytes("max-message", SettingsLimits.maxMessage, into: &port.maxMessage)
        section.number("max-connections", SettingsLimits.maxConnections, into: &port.maxConnections)
        section.duration("frame-timeout", into: &port.frameTimeout)
        section.optionalDuration("idle-timeout", into: &port.idleTimeout)
        section.bytes("receive-buffer", SettingsLimits.receiveBuffer, into: &port.receiveBuffer)
        section.duration("gather", SettingsLimits.gather, into: &port.gather)
    }

    private func readRing(_ section: Section, into ring: inout Settings.Ring) -> SettingsFault.Place? {
        let place = section.bytes("size", SettingsLimits.ringSize, into: &ring.size)
        _ = section.choice("durability", into: &ring.durability)
        return place
    }

    private func readPath(_ section: Section, _ key: String, _ example: String, into target: inout String) {
        target = section.path(key, example, in: folder) ?? target
    }

    static func absolute(_ path: String, in folder: String) -> String {
        if path.hasPrefix("/") { return path }
        var parts = folder.split(separator: "/")
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    private func readServices(_ file: Section, into settings: inout Settings) {
        guard let node = file.value("services") else { return }
        guard let list = node.sequence else {
            return file.wrong(node, "services", "a list, each element with name, topics and command,")
        }
        var names: [String: Int] = [:]
        for (index, element) in list.enumerated() {
            let path = "services[\(index + 1)]"
            if index == SettingsLimits.services {
                faults.add(
                    YAMLDocument.place(element.mark), path,
                    "there are \(list.count) services; \(SettingsLimits.services) at most would be right")
            }
            guard let section = Section(element, path: path, faults: faults) else { continue }
            let reader = ServiceReader(section: section, folder: folder, system: system)
            guard let service = reader.read(names: &names) else { continue }
            settings.services.append(service)
            checkTables(settings.services, section)
        }
    }

    /// The ring's in-flight tables are of a fixed size, shared by all services.
    private func checkTables(_ services: [Settings.Service], _ section: Section) {
        let wanted = services.reduce(0) { $0 + $1.tableCapacity * $1.shards }
        let before = services.dropLast().reduce(0) { $0 + $1.tableCapacity * $1.shards }
        guard wanted > SettingsLimits.tableEntries, before <= SettingsLimits.tableEntries else { return }
        faults.add(
            section.place, section.path,
            "up to here the services ask for \(wanted) places in the in-flight tables (twice in-flight or concurrency, "
                + "times instances or lanes); \(SettingsLimits.tableEntries) at most would be right")
    }

    /// A record must fit the ring with room for others.
    private func checkSizes(_ file: Section, _ settings: Settings, _ ringPlace: SettingsFault.Place?) {
        let most = settings.ring.size / SettingsLimits.arenaShare
        guard settings.port.maxMessage > most else { return }
        let node = file.value("port")?.mapping?["max-message"]
        let (ring, message) = (Units.text(bytes: settings.ring.size), Units.text(bytes: settings.port.maxMessage))
        let enough = Units.text(bytes: settings.port.maxMessage * SettingsLimits.arenaShare)
        faults.add(
            node.flatMap { YAMLDocument.place($0.mark) } ?? ringPlace,
            node == nil ? "ring.size" : "port.max-message",
            node == nil
                ? "is \(ring), but port.max-message is \(message), over a quarter of that; a ring of \(enough) or a "
                    + "max-message of \(Units.text(bytes: most)) would be right"
                : "is \(message), over a quarter of ring.size (\(ring)); \(Units.text(bytes: most)) at most, or a ring of "
                    + "\(enough), would be right")
    }
}
