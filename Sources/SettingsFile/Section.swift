// SPDX-License-Identifier: Apache-2.0
/// One mapping of the configuration, read key by key.
///
/// Used by the readers of settings and services. Each `value` remembers the key, so that `finish` can tell which of
/// the user's keys nobody asked for, and which one was probably meant.
/// Invariant: a key that is missing or null leaves its default untouched; a wrong value is told, never used.

internal import Settings
internal import Yams

final class Section {
    let faults: FaultList
    /// "" for the file itself, else "port", "services[1].retry", …
    let path: String
    let place: SettingsFault.Place?
    private let mapping: Node.Mapping
    private var known: [String] = []

    /// nil, and told, if the node is no mapping. An empty one (null) is a mapping without keys.
    init?(_ node: Node, path: String, faults: FaultList) {
        if let mapping = node.mapping {
            self.mapping = mapping
        } else if Self.isNull(node) {
            mapping = Node.Mapping([])
        } else {
            let right = path.isEmpty ? "keys such as port: and services:" : "a mapping, { KEY: VALUE },"
            faults.add(YAMLDocument.place(node.mark), path, "is \(Self.kind(of: node)); \(right) would be right")
            return nil
        }
        self.path = path
        self.faults = faults
        place = YAMLDocument.place(node.mark)
    }

    func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// The key's value, if there is one that is not null.
    func value(_ key: String) -> Node? {
        known.append(key)
        guard let node = mapping.first(where: { $0.key.string == key })?.value else { return nil }
        return Self.isNull(node) ? nil : node
    }

    /// All pairs of a mapping whose keys are the user's own.
    func pairs() -> [(key: String, place: SettingsFault.Place?, value: Node)] {
        mapping.compactMap { pair in
            guard let key = pair.key.string, !YAMLDocument.wasRenamed(key) else { return nil }
            known.append(key)
            return (key, YAMLDocument.place(pair.key.mark), pair.value)
        }
    }

    /// Tells the keys that nobody asked for, and those that are there twice.
    func finish() {
        var seen: [String: Int] = [:]
        for pair in mapping {
            let place = YAMLDocument.place(pair.key.mark)
            guard let key = pair.key.string else {
                faults.add(place, path, "has a key that is \(Self.kind(of: pair.key)); a word would be right")
                continue
            }
            if YAMLDocument.wasRenamed(key) {
                seen[String(key.dropFirst()), default: place?.line ?? 0] = place?.line ?? 0
            } else if let line = seen[String(key.dropFirst())], line > 0 {
                faults.add(place, name(key), "is there already in line \(line); once would be right")
            } else if !known.contains(key) {
                faults.add(place, name(key), "there is no such key; \(Suggestion.text(for: key, among: known))")
            }
        }
    }

    static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// What a value is, in the user's words.
    static func kind(of node: Node) -> String {
        switch node {
        case .scalar(let scalar):
            isNull(node) ? "empty" : "\"\(scalar.string.prefix(40))\(scalar.string.count > 40 ? "…" : "")\""
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
