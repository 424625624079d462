// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// What services may say, and what is garbage.
@Suite struct ServiceReplyTests {
    private static let name = "0123456789abcdef-1-42"
    private let id = MessageID(log: 0x0123_4567_89AB_CDEF, epoch: 1, sequence: 42)

    private func parse(_ text: String) -> (reply: ServiceReply, reason: String) {
        let bytes = ascii(text)
        let reply = ServiceReply.parse(bytes.span)
        switch reply {
        case .retry(_, let reason), .dead(_, let reason): return (reply, String(decoding: bytes[reason], as: UTF8.self))
        case .delivered, .garbage: return (reply, "")
        }
    }

    @Test("ok acks", arguments: ["ok \(name)", "ok \(name)\r", "ok  \(name) ", " ok \(name)"])
    func acks(_ text: String) {
        #expect(parse(text).reply == .delivered(id))
    }

    @Test(
        "fail asks for a retry, with the reason if there is one",
        arguments: [
            ("fail \(name)", ""), ("fail \(name) retry", ""), ("fail \(name) retry disk is full", "disk is full"),
            ("fail \(name) disk is full\r", "disk is full"), ("fail \(name) deadline", "deadline"),
            ("fail \(name) retry dead", "dead"),
        ])
    func retries(_ text: String, _ reason: String) {
        let parsed = parse(text)
        guard case .retry(id, _) = parsed.reply else { return #expect(Bool(false), "\(parsed)") }
        #expect(parsed.reason == reason)
    }

    @Test(
        "fail dead asks for no retry",
        arguments: [("fail \(name) dead", ""), ("fail \(name) dead  bad data", "bad data")])
    func dies(_ text: String, _ reason: String) {
        let parsed = parse(text)
        guard case .dead(id, _) = parsed.reply else { return #expect(Bool(false), "\(parsed)") }
        #expect(parsed.reason == reason)
    }

    @Test(
        "all else is garbage",
        arguments: [
            "", " ", "ok", "ok ", "ok x", "ok \(name) x", "okay \(name)", "OK \(name)", "fail", "fail x", "\(name)",
            "hello",
            "ok \(name)x", "ok\t\(name)", "ok 0123456789abcdef-1-", "ok 0123456789ABCDEF-1-42", "failed \(name)",
        ])
    func garbage(_ text: String) {
        #expect(parse(text).reply == .garbage)
    }

    @Test("a line over the limit is garbage, however it begins")
    func bounded() {
        let prefix = "fail \(Self.name) "
        let fits = prefix + String(repeating: "x", count: ServiceReply.maximumCount - prefix.utf8.count)
        #expect(parse(fits).reply != .garbage)
        #expect(parse(fits + "x").reply == .garbage)
    }

    @Test("random bytes are garbage", arguments: 1...20)
    func randomBytes(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        for _ in 0..<200 {
            let reply = ServiceReply.parse(random.bytes(upTo: 60).span)
            #expect(reply == .garbage, "seed \(seed)")
        }
    }
}
