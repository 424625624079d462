// SPDX-License-Identifier: Apache-2.0
/// Typed values of a section: each verb reads one key into a variable, or tells what would have been right.
///
/// Used by the readers of settings and services.
/// Invariant: the variable changes only if the value is right in type, unit and range. The result is the value's place.

internal import Settings
internal import Yams

extension Section {
    @discardableResult
    func number(_ key: String, _ limits: ClosedRange<Int>, into target: inout Int) -> SettingsFault.Place? {
        guard let node = value(key) else { return nil }
        let place = YAMLDocument.place(node.mark)
        guard let scalar = node.scalar, scalar.style == .plain, let number = Units.number(scalar.string),
            limits.contains(number)
        else {
            wrong(node, key, "a number from \(limits.lowerBound) to \(limits.upperBound)")
            return place
        }
        target = number
        return place
    }

    @discardableResult
    func bytes(_ key: String, _ limits: ClosedRange<Int>, into target: inout Int) -> SettingsFault.Place? {
        guard let node = value(key) else { return nil }
        if let number = bytes(node, key, limits, orNone: "") { target = number }
        return YAMLDocument.place(node.mark)
    }

    func optionalBytes(_ key: String, _ limits: ClosedRange<Int>, into target: inout Int?) {
        guard let node = value(key) else { return }
        if node.scalar?.string == "none" {
            target = nil
        } else if let number = bytes(node, key, limits, orNone: " or none,") {
            target = number
        }
    }

    func percent(_ key: String, _ limits: ClosedRange<Int>, into target: inout Int) {
        guard let node = value(key) else { return }
        guard let scalar = node.scalar, let number = Units.percent(scalar.string), limits.contains(number) else {
            return wrong(node, key, "a share such as 25%, from \(limits.lowerBound)% to \(limits.upperBound)%,")
        }
        target = number
    }

    @discardableResult
    func duration(
        _ key: String, _ limits: ClosedRange<Duration> = SettingsLimits.times, into target: inout Duration
    ) -> SettingsFault.Place? {
        guard let node = value(key) else { return nil }
        if let duration = duration(node, key, limits, orNone: "") { target = duration }
        return YAMLDocument.place(node.mark)
    }

    func optionalDuration(_ key: String, into target: inout Duration?) {
        guard let node = value(key) else { return }
        if node.scalar?.string == "none" {
            target = nil
        } else if let duration = duration(node, key, SettingsLimits.times, orNone: ", or none,") {
            target = duration
        }
    }

    func flag(_ key: String, into target: inout Bool) {
        guard let node = value(key) else { return }
        switch (node.scalar?.style, node.scalar?.string) {
        case (.plain, "true"): target = true
        case (.plain, "false"): target = false
        default: wrong(node, key, "true or false")
        }
    }

    /// One of the words. The place is given only if the value was one of them.
    func choice<Choice: RawRepresentable<UInt8> & CaseIterable>(
        _ key: String, into target: inout Choice
    ) -> SettingsFault.Place? {
        guard let node = value(key) else { return nil }
        guard let word = node.scalar?.string, let choice = Choice.allCases.first(where: { "\($0)" == word }) else {
            let words = Choice.allCases.map { "\($0)" }
            wrong(node, key, words.dropLast().joined(separator: ", ") + " or " + (words.last ?? ""))
            return nil
        }
        target = choice
        return YAMLDocument.place(node.mark)
    }

    /// Any text without control characters; nil, and told, if it is none.
    func text(_ key: String, example: String) -> (text: String, place: SettingsFault.Place?)? {
        guard let node = value(key) else { return nil }
        guard let text = plainText(node), !text.isEmpty else {
            wrong(node, key, example)
            return nil
        }
        return (text, YAMLDocument.place(node.mark))
    }

    /// A path, absolute if it was not; nil if there is none.
    func path(_ key: String, _ example: String, in folder: String) -> String? {
        text(key, example: "a path such as \(example)").map { SettingsReader.absolute($0.text, in: folder) }
    }

    /// A list of texts with their places; nil, and told, if it is none. Elements that are no text are told and left out.
    func texts(
        _ key: String, _ limits: ClosedRange<Int>, example: String
    ) -> [(text: String, place: SettingsFault.Place?)]? {
        guard let node = value(key) else { return nil }
        guard let sequence = node.sequence, limits.contains(sequence.count) else {
            let count = node.sequence.map { "has \($0.count) elements" } ?? "is \(Self.kind(of: node))"
            let range =
                node.sequence == nil || node.sequence?.isEmpty == true ? "" : " with \(limits.upperBound) at most"
            faults.add(YAMLDocument.place(node.mark), name(key), "\(count); a list\(range), \(example), would be right")
            return nil
        }
        var texts: [(text: String, place: SettingsFault.Place?)] = []
        for (index, element) in sequence.enumerated() {
            if let text = plainText(element) {
                texts.append((text, YAMLDocument.place(element.mark)))
            } else {
                wrong(element, "\(key)[\(index + 1)]", "a text, in quotes if need be,")
            }
        }
        return texts
    }

    func section(_ key: String, _ read: (Section) -> Void) {
        guard let node = value(key), let section = Section(node, path: name(key), faults: faults) else { return }
        read(section)
        section.finish()
    }

    func wrong(_ node: Node, _ key: String, _ right: String) {
        faults.add(YAMLDocument.place(node.mark), name(key), "is \(Self.kind(of: node)); \(right) would be right")
    }

    /// The text of a scalar that can be part of a command or path.
    func plainText(_ node: Node) -> String? {
        guard let scalar = node.scalar, !Self.isNull(node), !scalar.string.unicodeScalars.contains("\0"),
            scalar.string.utf8.count < SettingsLimits.text
        else { return nil }
        return scalar.string
    }

    private func bytes(_ node: Node, _ key: String, _ limits: ClosedRange<Int>, orNone: String) -> Int? {
        let range = "\(Units.text(bytes: limits.lowerBound)) to \(Units.text(bytes: limits.upperBound))"
        guard let scalar = node.scalar, let number = Units.bytes(scalar.string), limits.contains(number) else {
            wrong(node, key, "a size such as 64KiB, 8MiB or a number of bytes, from \(range),\(orNone)")
            return nil
        }
        return number
    }

    private func duration(
        _ node: Node, _ key: String, _ limits: ClosedRange<Duration>, orNone: String
    ) -> Duration? {
        if let text = node.scalar?.string, Units.number(text) != nil, text != "0" {
            wrong(node, key, "a unit, as in \(text)s,")
            return nil
        }
        guard let text = node.scalar?.string, let duration = Units.duration(text), limits.contains(duration)
        else {
            let least = max(limits.lowerBound, SettingsLimits.shortest)
            let longest = limits.upperBound
            let examples = longest == SettingsLimits.longest ? " such as 500ms, 30s, 5m or 1h" : ", or 0,"
            wrong(node, key, "a time from \(Units.text(least)) to \(Units.text(longest))\(examples)\(orNone)")
            return nil
        }
        return duration
    }
}
