// SPDX-License-Identifier: Apache-2.0
/// A real belfryd in disk mode under load, with a small ring and a service that is paused now and then: whatever it does to
/// its segments is written down, and when each notification was acked, and when each service got it. Used by PowerCutTests.
/// Invariant: a moment is how long the record of the disk is; what happened is noted with a moment that is no earlier.

import Foundation
import LinuxIO
import Testing

final class RecordedLife {
    static let services = ["prompt", "late"]
    static let settings = "ring: { size: 256KiB, durability: disk }\nworkers: { count: 2 }"
    static let portOptions = ", max-message: 64KiB"
    static let sender = [UInt8](repeating: 0x5C, count: 16)

    let scratch: Scratch
    let record: DiskRecord
    /// How many were sent.
    let sent: UInt64
    /// All up to a number were acked at a moment.
    private let acked: [(number: UInt64, moment: Int)]
    /// When each service got which.
    private let arrivals: [String: [UInt64: Int]]

    /// Lives until so many checkpoints have been written.
    init(checkpoints: Int, using random: inout some RandomNumberGenerator) throws {
        let scratch = try Scratch()
        self.scratch = scratch
        _ = try Account.compile("witness", in: scratch)
        let path = scratch.file("record")
        let broker = try Broker(
            scratch, services: Self.items(scratch, in: scratch), portOptions: Self.portOptions,
            settings: Self.settings, executable: try Self.recordedBelfryd(scratch, path))
        var load = try Load(broker, path)
        while try DiskRecord(path).checkpoints < checkpoints {
            let verb = Int.random(in: 0..<4, using: &random) == 0 ? "resume" : "pause"
            #expect(try broker.belfry([verb, "late"]).succeeded)
            for _ in 0..<10 { try load.send(Int.random(in: 1..<8, using: &random)) }
        }
        try broker.stop()
        (sent, acked) = (load.sent, load.acked)
        record = try DiskRecord(path)
        arrivals = Dictionary(
            uniqueKeysWithValues: Self.services.map {
                ($0, Dictionary(Self.account($0, in: scratch), uniquingKeysWith: min))
            })
    }

    /// All up to it were acked then.
    func acked(at moment: Int) -> UInt64 { acked.last { $0.moment <= moment }?.number ?? 0 }

    /// What was acked and the service did not have yet.
    func owed(to service: String, at moment: Int) -> Set<UInt64> {
        let arrivals = arrivals[service] ?? [:]
        return Set((0...acked(at: moment)).dropFirst().filter { arrivals[$0] ?? .max > moment })
    }

    // MARK: what services and senders do

    /// The services, whose accounts lie in `folder`.
    static func items(_ tools: Scratch, in folder: Scratch) -> [String] {
        services.map { name in
            """
            - name: \(name)
              topics: [">"]
              command: [\(tools.file("witness")), \(folder.file("\(name).account")), \(tools.file("record"))]
              mode: stream
              order: all
            """
        }
    }

    /// Numbers, 0 for what is not as it was sent, and moments, as they came.
    static func account(_ service: String, in folder: Scratch) -> [(UInt64, Int)] {
        folder.text("\(service).account").split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            let words = $0.split(separator: " ")
            return (UInt64(words[0]) ?? 0, Int(words[1]) ?? 0)
        }
    }

    /// As Tests/Tools/witness.c wants it.
    private static func body(_ number: UInt64) -> String {
        let count = number * 37 % 1500 + (number % 40 == 0 ? 20_000 : 0)
        let letter = Character(UnicodeScalar(UInt8(97 + number % 26)))
        return "\(number):" + String(repeating: letter, count: Int(count))
    }

    private struct Load {
        let client: Client
        let path: String
        private(set) var sent: UInt64 = 0
        private(set) var acked: [(number: UInt64, moment: Int)] = []
        private var answer: [UInt8]

        init(_ broker: Broker, _ path: String) throws {
            self.path = path
            client = try Client.tcp(broker.port)
            try client.send(Native.hello(RecordedLife.sender))
            answer = try client.read(atLeast: 20)
        }

        /// Returns when all of them are acked.
        mutating func send(_ count: Int) throws {
            let numbers = sent + 1...sent + UInt64(count)
            try client.send(numbers.flatMap { Native.publish($0, "load.a", RecordedLife.body($0)) })
            sent = numbers.upperBound
            while acked.last?.number ?? 0 < sent {
                answer = try client.read(atLeast: answer.count + 16)
                let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
                // Behind WELCOME there are ACKs alone, of 16 bytes each.
                #expect(Native.types(Array(answer.dropFirst(20))) == [4] && (answer.count - 20) % 16 == 0)
                acked.append((answer.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }, size ?? .max))
            }
        }
    }

    // MARK: a belfryd that is watched

    /// A copy that loads Tests/Tools/scribe.c before anything else.
    private static func recordedBelfryd(_ scratch: Scratch, _ record: String) throws -> String {
        let (library, copy) = (scratch.file("scribe.so"), scratch.file("belfryd"))
        let words = ["-O2", "-shared", "-fPIC", "-DSCRIBE_RECORD=\"\(record)\"", "-o", library]
        let built = try scratch.run("gcc", words + ["\(Executables.repository)/Tests/Tools/scribe.c"])
        #expect(built.succeeded, "\(built.errors)")
        try FileManager.default.copyItem(atPath: Executables.belfryd, toPath: copy)
        // Belfryd has the settings read by the `belfry` beside it.
        try FileManager.default.createSymbolicLink(
            atPath: scratch.file("belfry"), withDestinationPath: Executables.belfry)
        let patched = try scratch.run("patchelf", ["--add-needed", library, copy])
        #expect(patched.succeeded, "\(patched.errors)")
        return copy
    }
}
