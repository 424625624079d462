// SPDX-License-Identifier: Apache-2.0
/// One notification at a time from end to end, to find out when a broker works again. Used by Soak behind each kill.
/// Invariant: each is accepted exactly once, however often it had to be sent; its body is `SENDER NUMBER`, as the
/// accounts want it.

import LinuxIO

struct Probe {
    static let sender = 99

    private let id = [UInt8](repeating: 0xBE, count: 16)
    private let service: Recorder
    private(set) var count: UInt64 = 0

    init(in scratch: Scratch) throws { service = try Recorder.stream("probe", in: scratch) }

    var item: String {
        service.service("\"probe.>\"", "in-flight: 1", "retry: { attempts: 1000000, backoff: 10ms, max-backoff: 50ms }")
    }

    /// Sends one, and waits until it is delivered.
    /// - Returns: when it was accepted, and when it was seen to be delivered (monotonic nanoseconds).
    mutating func pass(_ port: UInt16, until deadline: Deadline) throws -> (accepted: UInt64, delivered: UInt64) {
        let body = "\(Self.sender) \(count)"
        count += 1
        while try !isAccepted(body, port, deadline) {
            guard !deadline.passed else { throw TimedOut("probe \(body) to be accepted") }
        }
        let accepted = Clock.monotonic()
        _ =
            try service.scratch.wait("probe \(body) to be delivered", until: deadline) {
                service.scratch.text("probe.log").contains("\"\(body)\"") ? true : nil
            } as Bool
        return (accepted, Clock.monotonic())
    }

    /// False if the connection was cut off before the answer: it is sent again under the same number.
    private func isAccepted(_ body: String, _ port: UInt16, _ deadline: Deadline) throws -> Bool {
        guard let client = try? Client.tcp(port),
            (try? client.send(Native.hello(id) + Native.publish(count, "probe.soak", body))) != nil,
            let answer = try? client.read(atLeast: 36, until: deadline)
        else { return false }
        return Native.types(answer).contains(4)
    }
}
