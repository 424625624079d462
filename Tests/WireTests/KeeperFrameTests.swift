// SPDX-License-Identifier: Apache-2.0
/// The frames between the keeper and the others: whole round trips, cuts at every byte, and rubbish.

import Testing
import Wire

@Suite("The keeper's frames")
struct KeeperFrameTests {
    static let message = KeptMessage(
        service: "on-call", id: MessageID(log: 1 << 63, epoch: 2, sequence: 3), time: 4, wireProtocol: 5,
        decodedKind: 1, topic: Array("alerts.disk".utf8), source: Array("127.0.0.1:9".utf8), decoded: Array("{}".utf8),
        body: [0, 255, 10])
    static let frames: [KeeperFrame] = [
        .letter(number: 1, message, Failings(attempts: 5, first: 6, last: 7, reason: "ended with exit 1, é")),
        .note(number: 2, KeptNote(.incident, code: 9, time: 8, count: 7, subject: "worker 1", detail: "")),
        .kept(3), .hello(SenderID(high: 4, low: 5)), .welcome(last: 6), .replay(number: 7, message),
        .refused(number: 8, "there is no service on-call"),
    ]

    @Test("are read back as they were written, one behind the other")
    func roundTrip() {
        var bytes: [UInt8] = []
        for frame in Self.frames { frame.append(to: &bytes) }
        var start = 0
        for frame in Self.frames {
            guard case .frame(let read, let next) = KeeperFrame.next(in: bytes.span, from: start) else {
                Issue.record("no frame at \(start)")
                return
            }
            #expect(read == frame)
            start = next
        }
        #expect(start == bytes.count && KeeperFrame.next(in: bytes.span, from: start) == .more)
    }

    @Test("that are cut wait for the rest", arguments: frames)
    func cut(frame: KeeperFrame) {
        var bytes: [UInt8] = []
        frame.append(to: &bytes)
        for count in bytes.indices {
            let cut = Array(bytes[..<count])
            #expect(KeeperFrame.next(in: cut.span, from: 0) == .more)
        }
    }

    @Test("with a wrong magic, version, kind or length inside are unreadable", arguments: frames)
    func rubbish(frame: KeeperFrame) {
        var bytes: [UInt8] = []
        frame.append(to: &bytes)
        for place in 0..<3 {
            var changed = bytes
            changed[place] = 0
            #expect(KeeperFrame.next(in: changed.span, from: 0) == .unreadable)
        }
        // A payload that is a byte longer or shorter than its fields.
        for change in [1, -1] {
            var changed = change > 0 ? bytes + [0] : Array(bytes.dropLast())
            changed[7] = UInt8(Int(changed[7]) + change)
            #expect(KeeperFrame.next(in: changed.span, from: 0) == .unreadable)
        }
    }
}
