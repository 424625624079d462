// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// Native frames: what is written is read, and what is damaged is told.
@Suite struct NativeFrameTests {
    private let limit = 1000

    private func publish(_ number: UInt64 = 7, topic: String = "a.b", body: String = "hello") -> [UInt8] {
        var bytes: [UInt8] = []
        NativeFrame.appendPublish(number: number, topic: ascii(topic).span, body: ascii(body).span, to: &bytes)
        return bytes
    }

    private func next(_ bytes: [UInt8], from start: Int = 0, ended: Bool = false) -> NativeFrame.Step {
        NativeFrame.next(in: bytes.span, from: start, ended: ended, maxMessage: limit)
    }

    private func payload(_ bytes: [UInt8], _ kind: NativeFrame.Kind) -> Range<Int> {
        guard case .frame(let header, let payload, let next) = next(bytes) else { return 0..<0 }
        #expect(header.kind == kind && header.flags == 0 && next == bytes.count)
        return payload
    }

    @Test("a PUBLISH has the bytes that the protocol's description shows")
    func writesPublish() {
        #expect(
            publish(0x0102, topic: "ab", body: "x")
                == [0xB5, 1, 3, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 1, 2, 0, 2, 0x61, 0x62, 0x78])
    }

    @Test("a PUBLISH is read back")
    func readsPublish() throws {
        let bytes = publish(.max, topic: "a.b", body: "hello")
        let publish = NativeFrame.publish(in: bytes.span, payload: payload(bytes, .publish))
        let parts = try #require(publish)
        #expect(parts.number == .max)
        #expect(Array(bytes[parts.topic]) == ascii("a.b") && Array(bytes[parts.body]) == ascii("hello"))
    }

    @Test("a HELLO is read back, and has exactly 16 bytes")
    func readsHello() {
        let sender = SenderID(high: 0x0102_0304_0506_0708, low: .max - 1)
        var bytes: [UInt8] = []
        NativeFrame.appendHello(sender, to: &bytes)
        let payload = payload(bytes, .hello)
        #expect(NativeFrame.hello(in: bytes.span, payload: payload) == sender)
        #expect(NativeFrame.hello(in: bytes.span, payload: payload.dropLast()) == nil)
    }

    @Test("WELCOME, ACK and ERROR are read back")
    func readsAnswers() throws {
        var welcome: [UInt8] = []
        NativeFrame.appendWelcome(.init(lastAccepted: 99, maxMessage: 1 << 20), to: &welcome)
        #expect(
            NativeFrame.welcome(in: welcome.span, payload: payload(welcome, .welcome))
                == .init(lastAccepted: 99, maxMessage: 1 << 20))
        var ack: [UInt8] = []
        NativeFrame.appendAck(1 << 40, to: &ack)
        #expect(NativeFrame.ack(in: ack.span, payload: payload(ack, .ack)) == 1 << 40)
        var error: [UInt8] = []
        NativeFrame.appendError(number: 5, .badTopic, to: &error)
        let read = NativeFrame.fault(in: error.span, payload: payload(error, .error))
        let fault = try #require(read)
        #expect(fault.number == 5 && Refusal(code: fault.code) == .badTopic)
        #expect(String(decoding: error[fault.sentence], as: UTF8.self) == Refusal.badTopic.sentence)
    }

    @Test("answers that are too short are not read", arguments: 0...7)
    func checksAnswers(_ count: Int) {
        let bytes = [UInt8](repeating: 0, count: count)
        #expect(NativeFrame.ack(in: bytes.span, payload: 0..<count) == nil)
        #expect(NativeFrame.welcome(in: bytes.span, payload: 0..<count) == nil)
        #expect(NativeFrame.fault(in: bytes.span, payload: 0..<count) == nil)
    }

    @Test("a frame that is cut at any byte wants more, and is truncated if there is no more")
    func noticesTruncation() {
        let bytes = publish()
        for count in 1..<bytes.count {
            #expect(next(Array(bytes.prefix(count))) == .more(from: 0))
            #expect(next(Array(bytes.prefix(count)), ended: true) == .refused(.truncated))
        }
        #expect(next([], ended: true) == .more(from: 0))
    }

    @Test("frames follow each other, each read where the last one ended")
    func readsSeveral() {
        let one = publish(1)
        let both = one + publish(2)
        guard case .frame(_, _, let second) = next(both) else { return #expect(Bool(false), "no frame") }
        #expect(second == one.count)
        guard case .frame(_, let payload, let end) = next(both, from: second) else { return #expect(Bool(false)) }
        #expect(NativeFrame.publish(in: both.span, payload: payload)?.number == 2 && end == both.count)
    }

    @Test("a wrong first byte, version or length ends the stream as soon as it is seen")
    func refusesBadHeaders() {
        #expect(next([0x61]) == .refused(.badFrame))
        #expect(next([0xB5, 2]) == .refused(.unknownVersion))
        let length = UInt8(truncatingIfNeeded: limit + NativeFrame.overhead + 1)
        let high = UInt8((limit + NativeFrame.overhead + 1) >> 8)
        #expect(next([0xB5, 1, 3, 0, 0, 0, high, length]) == .refused(.tooLarge))
        #expect(next([0xB5, 1, 3, 0, 0xFF, 0xFF, 0xFF, 0xFF]) == .refused(.tooLarge))
    }

    @Test("a frame of an unknown type is a frame, so that it can be skipped")
    func passesUnknownTypes() {
        #expect(next([0xB5, 1, 77, 9, 0, 0, 0, 1, 0]) == .frame(.init(kind: nil, flags: 9), payload: 8..<9, next: 9))
    }

    @Test("a PUBLISH whose topic is longer than its payload is not read")
    func checksTopicLength() {
        let bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1, 0, 3, 0x61, 0x62]
        #expect(NativeFrame.publish(in: bytes.span, payload: 0..<bytes.count) == nil)
        #expect(NativeFrame.publish(in: bytes.span, payload: 0..<9) == nil)
    }

    @Test("a datagram of whole frames is native, with any byte more or less it is raw")
    func tellsWholeDatagrams() {
        let bytes = publish(1) + publish(2)
        #expect(Decoded(bytes).content == .native)
        for count in 0..<bytes.count where count != publish(1).count {
            let part = Array(bytes.prefix(count))
            #expect(Decoded(part).isRaw)
        }
        #expect(Decoded(bytes + [0]).isRaw)
        #expect(Decoded([0xB5]).isRaw)
    }
}
