// SPDX-License-Identifier: Apache-2.0
/// One service of a configuration file: what it wants, and how it is fed. What its process is like: ServiceProcess.
///
/// Used by SettingsReader for each element of `services`.
/// Invariant: a service comes out only if name, topics and command are there; its other faults are told all the same.

internal import LinuxIO
internal import Settings
internal import Wire
internal import Yams

struct ServiceReader {
    let section: Section
    let folder: String
    let system: SystemNames

    var faults: FaultList { section.faults }

    /// `names`: the lines of the services before this one.
    func read(names: inout [String: Int]) -> Settings.Service? {
        let name = readName("name", required: true)
        if let name, let line = names[name] {
            let place = section.value("name").flatMap { YAMLDocument.place($0.mark) }
            faults.add(
                place, section.name("name"),
                "\"\(name)\" is the name of the service in line \(line) already; another name would be right")
        } else if let name {
            names[name] = section.value("name")?.mark?.line ?? 0
        }
        let topics = readTopics()
        let command = readCommand()
        var service = Settings.Service(name: name ?? "", topics: topics ?? [], command: command ?? [])
        readModes(into: &service)
        readNumbers(into: &service)
        section.section("retry") { readRetry($0, into: &service.retry) }
        section.section("retain") { section in
            section.optionalBytes("bytes", SettingsLimits.retain, into: &service.retain.bytes)
            section.optionalDuration("age", into: &service.retain.age)
        }
        service.renamedFrom = readName("renamed-from", required: false)
        readProcess(into: &service)
        section.finish()
        return name != nil && topics != nil && command != nil ? service : nil
    }

    func missing(_ key: String, _ example: String) {
        // A null value has a place of its own, but the service's is where the reader looks first.
        faults.add(section.place, section.path, "has no \(key); \(key): \(example) would be right")
    }

    private func readName(_ key: String, required: Bool) -> String? {
        guard section.value(key) != nil else {
            if required { missing(key, "on-call") }
            return nil
        }
        let right = "1 to \(SettingsLimits.nameBytes.upperBound) letters, digits and _ . -"
        guard let (text, place) = section.text(key, example: right) else { return nil }
        let plain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || [0x5F, 0x2E, 0x2D].contains($0)
        }
        guard plain, SettingsLimits.nameBytes.contains(text.utf8.count) else {
            faults.add(place, section.name(key), "is \"\(text.prefix(80))\"; \(right) would be right")
            return nil
        }
        return text
    }

    private func readTopics() -> [String]? {
        let example = "[\"alerts.disk.>\", syslog.daemon.crit]"
        guard section.value("topics") != nil else {
            missing("topics", example)
            return nil
        }
        guard let texts = section.texts("topics", SettingsLimits.topicsPerService, example: example) else { return nil }
        for (index, topic) in texts.enumerated() {
            do throws(TopicPatternError) {
                _ = try TopicPattern(topic.text)
            } catch {
                faults.add(topic.place, section.name("topics[\(index + 1)]"), "is \"\(topic.text)\"; \(error)")
            }
        }
        return texts.map(\.text)
    }

    private func readModes(into service: inout Settings.Service) {
        _ = section.choice("mode", into: &service.mode)
        if let place = section.choice("framing", into: &service.framing), service.framing == .frames,
            service.mode == .exec
        {
            faults.add(
                place, section.name("framing"),
                "is frames, which a process per message can't speak; mode: stream beside it would be right")
        }
        _ = section.choice("order", into: &service.order)
        _ = section.choice("on-remove", into: &service.onRemove)
    }

    private func readNumbers(into service: inout Settings.Service) {
        section.number("instances", SettingsLimits.shards, into: &service.instances)
        section.number("lanes", SettingsLimits.shards, into: &service.lanes)
        section.number("concurrency", SettingsLimits.concurrency, into: &service.concurrency)
        section.number("in-flight", SettingsLimits.inFlight, into: &service.inFlight)
        section.duration("ack-timeout", into: &service.ackTimeout)
        section.optionalDuration("idle-timeout", into: &service.idleTimeout)
    }

    private func readRetry(_ section: Section, into retry: inout Settings.Service.Retry) {
        section.number("attempts", SettingsLimits.attempts, into: &retry.attempts)
        let backoff = section.duration("backoff", into: &retry.backoff)
        let most = section.duration("max-backoff", into: &retry.maxBackoff)
        section.percent("jitter", SettingsLimits.jitter, into: &retry.jitter)
        section.optionalDuration("time-limit", into: &retry.timeLimit)
        if retry.backoff > retry.maxBackoff, let place = most ?? backoff {
            faults.add(
                place, section.name(most == nil ? "backoff" : "max-backoff"),
                most == nil
                    ? "is \(Units.text(retry.backoff)), longer than max-backoff, which is "
                        + "\(Units.text(retry.maxBackoff)) unless told otherwise; a longer max-backoff would be right"
                    : "is \(Units.text(retry.maxBackoff)), shorter than backoff (\(Units.text(retry.backoff))); "
                        + "\(Units.text(retry.backoff)) or more would be right")
        }
    }
}
