// SPDX-License-Identifier: Apache-2.0
/// The YAML of a configuration file as a tree of nodes with places.
///
/// Made by SettingsFile. Yams stops at the first mapping that has a key twice; so that all faults of a file can be told
/// at once, such a key is renamed in the text (its first letter becomes a private character) and the text read again.
/// Invariant: nodes keep the line and column of the user's own text.

internal import Yams

struct YAMLDocument {
    /// nil: the file is empty, and everything has its default.
    let root: Node?

    /// nil if it is no YAML; the fault says where.
    init?(_ bytes: [UInt8], faults: FaultList) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            faults.add(Self.place(of: Self.firstBadByte(bytes), in: bytes), "", "is not UTF-8; UTF-8 would be right")
            return nil
        }
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
        for attempt in 0..<256 {
            do {
                root = try Yams.compose(yaml: Self.joined(lines))
                return
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                if Self.rename(at: context.mark, attempt, in: &lines) { continue }
                let key = keys.first ?? ""
                faults.add(Self.place(context.mark), key, "is there more than once; once would be right")
            } catch {
                faults.add(Self.place(of: error, in: text), "", "is not YAML: " + Self.problem(error))
            }
            return nil
        }
        faults.add(nil, "", "has too many keys that are there twice; once would be right")
        return nil
    }

    /// The key as the user wrote it is the same but for its first letter, if `key` was renamed.
    static func wasRenamed(_ key: String) -> Bool {
        guard let first = key.unicodeScalars.first else { return false }
        return marks.contains(first.value)
    }

    static func place(_ mark: Mark?) -> SettingsFault.Place? {
        mark.map { SettingsFault.Place(line: $0.line, column: $0.column) }
    }

    /// Private use, so that no sensible file has them.
    private static let marks: Range<UInt32> = 0xF_0000..<0xF_0100

    private static func joined(_ lines: [[Unicode.Scalar]]) -> String {
        var view = String.UnicodeScalarView()
        for (index, line) in lines.enumerated() {
            if index > 0 { view.append("\n") }
            view.append(contentsOf: line)
        }
        return String(view)
    }

    private static func rename(at mark: Mark, _ attempt: Int, in lines: inout [[Unicode.Scalar]]) -> Bool {
        guard lines.indices.contains(mark.line - 1) else { return false }
        var column = mark.column - 1
        guard lines[mark.line - 1].indices.contains(column) else { return false }
        if lines[mark.line - 1][column] == "\"" || lines[mark.line - 1][column] == "'" { column += 1 }
        guard lines[mark.line - 1].indices.contains(column) else { return false }
        let scalar = lines[mark.line - 1][column]
        guard scalar.properties.isAlphabetic, let marked = Unicode.Scalar(marks.lowerBound + UInt32(attempt)) else {
            return false
        }
        lines[mark.line - 1][column] = marked
        return true
    }

    private static func problem(_ error: any Error) -> String {
        switch error {
        case YamlError.scanner(_, let problem, _, _), YamlError.parser(_, let problem, _, _),
            YamlError.composer(_, let problem, _, _):
            problem
        case YamlError.reader(let problem, _, _, _): problem
        default: "it can't be read"
        }
    }

    private static func place(of error: any Error, in text: String) -> SettingsFault.Place? {
        switch error {
        case YamlError.scanner(_, _, let mark, _), YamlError.parser(_, _, let mark, _),
            YamlError.composer(_, _, let mark, _):
            return place(mark)
        case YamlError.reader(_, let offset?, _, _):
            return place(of: text.prefix(offset).utf8.count, in: Array(text.utf8))
        default: return nil
        }
    }

    private static func place(of offset: Int, in bytes: [UInt8]) -> SettingsFault.Place {
        let before = bytes.prefix(offset)
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1
        return SettingsFault.Place(line: before.count { $0 == 0x0A } + 1, column: column)
    }

    private static func firstBadByte(_ bytes: [UInt8]) -> Int {
        var good = 0
        var bad = bytes.count
        // The longest prefix that is text, by halving: a prefix may end inside a character, so look a little further.
        while bad - good > 1 {
            let middle = (good + bad) / 2
            let isText = (middle..<min(middle + 4, bytes.count + 1)).contains {
                String(validating: bytes.prefix($0), as: UTF8.self) != nil
            }
            if isText { good = middle } else { bad = middle }
        }
        return (max(0, good - 3)...min(good + 3, bytes.count)).last {
            String(validating: bytes.prefix($0), as: UTF8.self) != nil
        } ?? 0
    }
}
