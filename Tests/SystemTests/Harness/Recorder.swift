// SPDX-License-Identifier: Apache-2.0
/// Services for tests that note down what they get, one line a delivery, in a file of the scratch folder.
/// Used by most system tests; services that misbehave are written out where they are tested.
/// Invariant: a line is appended with one write, so deliveries to many processes never mix; it is written before the ack,
/// so that what was acked can be read.

import Foundation
import LinuxIO

struct Recorder {
    /// One delivery as the service saw it.
    struct Delivery {
        let process: CInt
        let object: [String: String]
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var topic: String { self["topic"] }
        var attempt: String { self["attempt"] }
        subscript(key: String) -> String { object[key] ?? "" }
    }

    let name: String
    let scratch: Scratch
    private let script: String
    private let mode: String
    private var framing = "lines"

    /// One process a message: its environment and its standard input.
    static func exec(_ name: String, in scratch: Scratch) throws -> Recorder {
        try Recorder(
            name, scratch, mode: "exec",
            """
            #!/bin/sh
            body=$(od -An -v -tx1 | tr -d ' \\n')
            line="$$"
            for name in ID TOPIC SOURCE PROTOCOL TIME ATTEMPT REDELIVERED SERVICE; do
                eval "line=\\"\\$line\t\\$BELFRY_$name\\""
            done
            printf '%s\\t%s\\n' "$line" "$body" >>'\(scratch.file(name)).log'
            """)
    }

    /// A resident process: a line of JSON in, `ok ID` out.
    static func stream(_ name: String, in scratch: Scratch) throws -> Recorder {
        try Recorder(
            name, scratch, mode: "stream",
            """
            #!/bin/sh
            while IFS= read -r line; do
                id=${line#*'"id":"'}
                id=${id%%'"'*}
                printf '%s\\t%s\\n' "$$" "$line" >>'\(scratch.file(name)).log'
                echo "ok $id"
            done
            """)
    }

    /// The same in frames, which it notes as the JSON that `lines` would have given it. What it gets at its end stands in
    /// NAME.end: "PID finish MILLISECONDS", "PID end".
    static func frames(_ name: String, in scratch: Scratch) throws -> Recorder {
        let tool = "\(Executables.repository)/Tests/Tools/frames.py"
        var recorder = try Recorder(
            name, scratch, mode: "stream", "#!/bin/sh\nexec /usr/bin/python3 -B '\(tool)' '\(scratch.file(name))'")
        recorder.framing = "frames"
        return recorder
    }

    private init(_ name: String, _ scratch: Scratch, mode: String, _ text: String) throws {
        self.name = name
        self.scratch = scratch
        self.mode = mode
        script = try scratch.write("\(name).sh", text + "\n", executable: true)
    }

    /// The service's item of the configuration; `options` are further lines of it.
    func service(_ topics: String = "\">\"", _ options: String...) -> String {
        (["- name: \(name)", "  topics: [\(topics)]", "  command: [\(script)]", "  mode: \(mode)"]
            + (framing == "lines" ? [] : ["  framing: \(framing)"]) + options.map { "  " + $0 }).joined(separator: "\n")
    }

    /// What has been delivered so far, in the order of the notes.
    func deliveries() throws -> [Delivery] {
        // A line that has no end yet is still being written.
        let lines = scratch.text("\(name).log").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return try lines.map { try mode == "exec" ? Recorder.exec($0) : Recorder.stream($0) }
    }

    /// The deliveries, once there are so many.
    @discardableResult
    func wait(for count: Int, until deadline: Deadline = .after()) throws -> [Delivery] {
        do {
            return try scratch.wait("\(count) deliveries to \(name)", until: deadline) {
                let all = try deliveries()
                return all.count >= count ? all : nil
            }
        } catch let error as TimedOut {
            throw TimedOut("\(error.description)\nso far:\n\(scratch.text("\(name).log"))")
        }
    }

    private static func exec(_ line: Substring) throws -> Delivery {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        let names = ["id", "topic", "source", "protocol", "time", "attempt", "redelivered", "service"]
        guard fields.count == names.count + 2 else { throw Malformed(line: String(line)) }
        let object = Dictionary(uniqueKeysWithValues: zip(names, fields.dropFirst()))
        let digits = Array(fields[fields.count - 1])
        let body = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...($0 + 1)]), radix: 16)
        }
        return Delivery(process: CInt(fields[0]) ?? 0, object: object, body: body)
    }

    private static func stream(_ line: Substring) throws -> Delivery {
        let parts = line.split(separator: "\t", maxSplits: 1)
        guard parts.count == 2,
            let json = try JSONSerialization.jsonObject(with: Data(parts[1].utf8)) as? [String: Any]
        else { throw Malformed(line: String(line)) }
        let body =
            (json["body"] as? String).map { [UInt8]($0.utf8) }
            ?? (json["body64"] as? String).flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) }
        let object = json.mapValues { value in
            if let text = value as? String { return text }
            if let number = value as? NSNumber { return number.stringValue }
            let data = try? JSONSerialization.data(withJSONObject: value, options: [.sortedKeys])
            return String(decoding: data ?? Data(), as: UTF8.self)
        }
        return Delivery(process: CInt(parts[0]) ?? 0, object: object, body: body ?? [])
    }

    struct Malformed: Error { let line: String }
}
