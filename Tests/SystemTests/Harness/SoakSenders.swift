// SPDX-License-Identifier: Apache-2.0
/// The senders of a soak: native TCP, datagrams of JSON and of syslog, syslog over TCP; all number what they send.
/// Used by Soak.
/// Invariant: what `native` counts was acked; the others count what the kernel took, in the order in which it did.

import LinuxIO
import Testing

struct SoakSenders {
    /// What was sent, by sender.
    struct Sent {
        /// Each accepted: all must arrive.
        var native: [Int: UInt64] = [:]
        /// Whatever the kernel did not drop and the ring did not refuse must arrive.
        var datagrams: [Int: UInt64] = [:]
        /// Of each connection a prefix must arrive.
        var streams: [Int: UInt64] = [:]
        /// Those of the last connection, if it ended in good order: all must arrive.
        var whole: [Int] = []

        var all: [Int: UInt64] { native.merging(datagrams) { $1 }.merging(streams) { $1 } }
    }

    private static let steadyNames = [0, 1]
    private static let (json, syslog, stream) = (100, 110, 200)

    /// Whether the sender's notifications are under `load`, and whether they are the few that an exec service gets.
    static func isLoad(_ sender: Int) -> Bool { sender == json || sender < Probe.sender && sender % 3 == 0 }
    static func isSlow(_ sender: Int) -> Bool {
        sender < Probe.sender ? sender % 3 == 1 : sender > Probe.sender && sender % 2 == 1
    }

    private let steady: [Program]
    private let datagrams: [Program]
    private let stream: Program

    /// - Parameter rate: of each, a second.
    init(_ port: UInt16, rate: Int, in scratch: Scratch) throws {
        let client = try Account.compile("steady", in: scratch)
        let shower = try Account.compile("shower", in: scratch)
        steady = try Self.steadyNames.map {
            try Program(client, ["127.0.0.1", "\(port)", "\($0)", "\(rate)"], in: scratch)
        }
        datagrams = try [("json", Self.json), ("syslog", Self.syslog)].map {
            try Program(shower, [$0, "\(port)", "\($1)", "\(rate)"], in: scratch)
        }
        stream = try Program(shower, ["stream", "\(port)", "\(Self.stream)", "\(rate)"], in: scratch)
    }

    /// Ends them, in good order, and tells what they have sent.
    func finish() throws -> Sent {
        for program in steady + datagrams + [stream] { program.signal(Signal.terminate) }
        var sent = Sent()
        for (name, program) in zip(Self.steadyNames, steady) {
            for (index, count) in try numbers(program).enumerated() { sent.native[3 * name + index] = UInt64(count) }
        }
        for program in datagrams { sent.datagrams.merge(pairs(try numbers(program))) { $1 } }
        let told = try numbers(stream)
        sent.streams = pairs(told)
        if stream.output.hasSuffix("whole\n") { sent.whole = pairs(told.suffix(4)).keys.sorted() }
        return sent
    }

    private func numbers(_ program: Program) throws -> [Int] {
        let result = try program.wait(until: .after(.seconds(60)))
        #expect(result.succeeded, "\(program.name): \(result.errors)")
        return result.output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    }

    private func pairs(_ numbers: [Int]) -> [Int: UInt64] {
        stride(from: 0, to: numbers.count - 1, by: 2).reduce(into: [:]) { $0[numbers[$1]] = UInt64(numbers[$1 + 1]) }
    }
}
