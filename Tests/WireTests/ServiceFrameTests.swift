// SPDX-License-Identifier: Apache-2.0
/// The frames between Belfry and a `frames` service: their bytes, what is read back, and what no damage can do.
///
/// The bytes are those of docs/protocol.md, section 10.
/// Invariant: every random test names the seed with which it can be repeated.

import Testing
import Wire

@Suite struct ServiceFrameTests {
    private static let delivery = ServiceFrame.Delivery(
        number: 1, id: MessageID(log: 0x0123_4567_89AB_CDEF, epoch: 1, sequence: 42), time: 1_795_232_185_000_000_001,
        attempt: 1, isRedelivered: false, wireProtocol: WireProtocol.native.rawValue, decodedKind: 0)

    private func frame(_ delivery: ServiceFrame.Delivery, _ parts: [String] = ["a.b", "s:1", "{}", "body"]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xFF, count: ServiceFrame.Delivery.headCount)
        let counts = parts.map(\.utf8.count)
        var span = bytes.mutableSpan
        // Any bits are a byte.
        var head = unsafe span.mutableBytes
        ServiceFrame.write(
            delivery, topic: counts[0], source: counts[1], decoded: counts[2], body: counts[3], to: &head)
        return bytes + parts.flatMap(ascii)
    }

    private func payload(_ bytes: [UInt8], _ kind: ServiceFrame.Kind, flags: UInt8 = 0) -> Range<Int> {
        let step = ServiceFrame.next(in: bytes.span, from: 0, most: .max)
        #expect(step == .frame(kind, flags: flags, payload: 8..<bytes.count))
        return 8..<bytes.count
    }

    @Test("a DELIVER has the bytes that the protocol's description shows")
    func writesDelivery() {
        let bytes = frame(Self.delivery, ["alerts.disk.full", "127.0.0.1:50122", "", "sda1 at 97 %"])
        let shown: [UInt8] = [
            0xB5, 0x01, 0x11, 0, 0, 0, 0, 0x5F, 0, 0, 0, 0, 0, 0, 0, 1, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF,
            0, 0, 0, 0, 0, 0, 0, 0x2A, 0x18, 0xE9, 0xF2, 0x29, 0x24, 0x45, 0xFA, 0x01, 0, 0, 0, 1, 0, 0, 0, 1,
            0, 0, 0, 0, 0, 0x10, 0, 0x0F, 1, 0, 0, 0x34,
        ]
        #expect(bytes == shown + ascii("alerts.disk.full127.0.0.1:50122sda1 at 97 %"))
    }

    @Test("a DELIVER is read back, redelivered or not")
    func readsDelivery() throws {
        for isRedelivered in [false, true] {
            var delivery = Self.delivery
            delivery.isRedelivered = isRedelivered
            delivery.attempt = 7
            let bytes = frame(delivery)
            let payload = payload(bytes, .deliver, flags: isRedelivered ? 1 : 0)
            let read = ServiceFrame.delivery(in: bytes.span, flags: bytes[3], payload: payload)
            let (back, parts) = try #require(read)
            #expect(back == delivery)
            let texts = [parts.topic, parts.source, parts.decoded, parts.body].map {
                String(decoding: bytes[$0], as: UTF8.self)
            }
            #expect(texts == ["a.b", "s:1", "{}", "body"])
        }
    }

    @Test("a DELIVER whose fixed part has grown is read as far as it is known")
    func readsLaterDelivery() throws {
        var bytes = frame(Self.delivery)
        bytes.insert(contentsOf: [9, 9, 9], at: 60)
        bytes[7] += 3
        bytes[59] += 3
        let read = ServiceFrame.delivery(in: bytes.span, flags: 0, payload: payload(bytes, .deliver))
        let (back, parts) = try #require(read)
        #expect(back == Self.delivery)
        #expect(Array(bytes[parts.topic]) == ascii("a.b") && Array(bytes[parts.body]) == ascii("body"))
    }

    @Test("a DELIVER whose lengths go beyond it is not read")
    func checksLengths() {
        let bytes = frame(Self.delivery)
        for (offset, value) in [(50, 0xFF), (52, 0xFF), (54, 0xFF), (48, 0x7F)] {
            var damaged = bytes
            damaged[offset] = UInt8(value)
            #expect(ServiceFrame.delivery(in: damaged.span, flags: 0, payload: 8..<bytes.count) == nil, "\(offset)")
        }
        for count in 0..<52 {
            #expect(ServiceFrame.delivery(in: bytes.span, flags: 0, payload: 8..<8 + count) == nil)
        }
    }

    @Test("a DONE has the bytes that the protocol's description shows, and is read back")
    func done() {
        var bytes: [UInt8] = []
        ServiceFrame.appendDone([1...5, 8...8], to: &bytes)
        let numbers: [UInt8] = [1, 5, 8, 8]
        #expect(bytes == [0xB5, 1, 0x12, 0, 0, 0, 0, 32] + numbers.flatMap { [0, 0, 0, 0, 0, 0, 0, $0] })
        let payload = payload(bytes, .done)
        #expect(ServiceFrame.answer(.done, in: bytes.span, payload: payload) == .done(2))
        #expect(ServiceFrame.range(0, in: bytes.span, payload: payload) == 1...5)
        #expect(ServiceFrame.range(1, in: bytes.span, payload: payload) == 8...8)
    }

    @Test("WINDOW, FAIL and FINISH are read back")
    func others() {
        var bytes: [UInt8] = []
        ServiceFrame.appendWindow(.max, to: &bytes)
        #expect(ServiceFrame.answer(.window, in: bytes.span, payload: payload(bytes, .window)) == .window(.max))
        bytes = []
        ServiceFrame.appendFail(9, isFinal: true, reason: ascii("no use").span, to: &bytes)
        #expect(
            ServiceFrame.answer(.fail, in: bytes.span, payload: payload(bytes, .fail))
                == .fail(9, isFinal: true, reason: 17..<23))
        bytes = []
        ServiceFrame.appendFinish(milliseconds: 5_000, to: &bytes)
        #expect(ServiceFrame.finish(in: bytes.span, payload: payload(bytes, .finish)) == 5_000)
        #expect(ServiceFrame.finish(in: bytes.span, payload: 8..<11) == nil)
    }

    @Test("the reason of a FAIL is cut at 4096 bytes, by the writer and by the reader")
    func longReason() {
        let long = [UInt8](repeating: 0x61, count: 5_000)
        var bytes: [UInt8] = []
        ServiceFrame.appendFail(9, isFinal: false, reason: long.span, to: &bytes)
        #expect(bytes.count == 8 + 9 + 4_096)
        bytes += long
        #expect(
            ServiceFrame.answer(.fail, in: bytes.span, payload: 8..<bytes.count)
                == .fail(9, isFinal: false, reason: 17..<17 + 4_096))
    }

    @Test("answers of a wrong form are garbage; frames of other types are skipped")
    func garbage() {
        let bytes = [UInt8](repeating: 2, count: 40)
        for count in [0, 1, 15, 17, 31] {
            #expect(ServiceFrame.answer(.done, in: bytes.span, payload: 0..<count) == .garbage)
        }
        for count in 0...3 { #expect(ServiceFrame.answer(.window, in: bytes.span, payload: 0..<count) == .garbage) }
        for count in 0...8 { #expect(ServiceFrame.answer(.fail, in: bytes.span, payload: 0..<count) == .garbage) }
        #expect(ServiceFrame.answer(.fail, in: bytes.span, payload: 0..<9) == .garbage, "a kind of 2")
        for kind in [ServiceFrame.Kind.deliver, .finish, nil] {
            #expect(ServiceFrame.answer(kind, in: bytes.span, payload: 0..<16) == .unknown)
        }
        let backwards: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1]
        #expect(ServiceFrame.range(0, in: backwards.span, payload: 0..<16) == nil)
    }

    private func step(_ bytes: [UInt8], most: Int = 100) -> ServiceFrame.Step {
        ServiceFrame.next(in: bytes.span, from: 0, most: most)
    }

    @Test("a frame that is cut at any byte wants more; what does not begin as one, or is too long, can't be read")
    func steps() {
        let bytes = frame(Self.delivery)
        for count in 0..<bytes.count { #expect(step(Array(bytes.prefix(count))) == .more) }
        #expect(step([0x62]) == .unreadable && step([0xB5, 2]) == .unreadable)
        #expect(step([0xB5, 1, 18, 0, 0xFF, 0xFF, 0xFF, 0xFF]) == .unreadable)
        #expect(step([0xB5, 1, 18, 0, 0, 0, 0, 101]) == .unreadable)
        #expect(step([0xB5, 1, 99, 3, 0, 0, 0, 0], most: 0) == .frame(nil, flags: 3, payload: 8..<8))
    }

    @Test("whatever a service sends is cut and read inside of its bounds", arguments: 1...50)
    func randomStreams(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        for _ in 0..<100 {
            let bytes = randomStream(&random)
            var start = 0
            while case .frame(let kind, let flags, let payload) = ServiceFrame.next(
                in: bytes.span, from: start, most: 4_096)
            {
                #expect(payload.lowerBound == start + 8 && payload.upperBound <= bytes.count, "seed \(seed)")
                read(kind, flags, payload, of: bytes)
                start = payload.upperBound
            }
        }
    }

    private func read(_ kind: ServiceFrame.Kind?, _ flags: UInt8, _ payload: Range<Int>, of bytes: [UInt8]) {
        switch ServiceFrame.answer(kind, in: bytes.span, payload: payload) {
        case .done(let count):
            for index in 0..<count { _ = ServiceFrame.range(index, in: bytes.span, payload: payload) }
        case .fail(_, _, let reason): #expect(reason.upperBound <= payload.upperBound)
        case .window, .garbage, .unknown: break
        }
        guard let (_, parts) = ServiceFrame.delivery(in: bytes.span, flags: flags, payload: payload) else { return }
        #expect(parts.topic.lowerBound >= payload.lowerBound && parts.body.upperBound == payload.upperBound)
    }

    private func randomStream(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<5 {
            let body = random.bytes(upTo: 80)
            bytes += [0xB5, 1, UInt8.random(in: 15...21, using: &random), 0, 0, 0, 0, UInt8(body.count)] + body
        }
        if Bool.random(using: &random) {
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        return Array(bytes.dropLast(Int.random(in: 0...3, using: &random)))
    }
}
