// SPDX-License-Identifier: Apache-2.0
/// The keeper's loop over real sockets: kept letters are said to be kept, questions are answered on the asker's own
/// connection, replays go to the acceptor until it has them.

import Control
import Foundation
import Keeper
import LinuxIO
import Testing
import Wire

@Suite("The keeper")
struct KeeperTests {
    /// The other ends of a keeper's sockets.
    private final class Office {
        let folder = NSTemporaryDirectory() + "/belfry-keeper-\(UUID().uuidString)"
        let keeper: Keeper
        let notes: Descriptor
        private var near: SeqPacketChannel?

        /// - Parameter prepare: makes what an earlier keeper has left in the folder.
        init(idleTime: UInt64 = 60_000_000_000, _ prepare: (_ folder: String) throws -> Void = { _ in }) throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try prepare(folder)
            var far: SeqPacketChannel?
            var near: SeqPacketChannel?
            try SeqPacketChannel.pair().split { first, second in
                near = consume first
                far = consume second
            }
            let pair = try SocketPair.make()
            keeper = try Keeper(
                KeeperStore(folder: folder), channel: RoleChannel(far.take()!), supervisor: pair.theirs.duplicate(),
                idleTime: idleTime)
            notes = pair.takeOurs()
            self.near = near.take()
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func tell(_ message: RoleMessage, passing raw: CInt? = nil) {
            _ = near!.send(message.encoded.span, passing: raw ?? -1)
        }

        func hear() -> RoleMessage? {
            var bytes = [UInt8](repeating: 0, count: RoleMessage.maximumCount + 1)
            guard case .packet(let count, _) = near!.receive(into: &bytes) else { return nil }
            return RoleMessage(decoding: bytes.span.extracting(0..<count))
        }

        /// Steps the keeper until something holds.
        func run(until holds: () throws -> Bool) throws -> Bool {
            let deadline = Clock.monotonic() + 20_000_000_000
            while Clock.monotonic() < deadline {
                if try holds() { return true }
                _ = try keeper.step(until: Clock.monotonic() + 5_000_000)
            }
            return false
        }
    }

    /// Our end of a socket, with what has come on it.
    private final class End {
        let socket: Descriptor
        private var bytes: [UInt8] = []

        init(_ socket: consuming Descriptor) { self.socket = socket }

        func send(_ frame: KeeperFrame) {
            var bytes: [UInt8] = []
            frame.append(to: &bytes)
            _ = Descriptor.write(socket.raw, bytes.span)
        }

        private func read() {
            let buffer = ByteBuffer(capacity: 65_536, limit: 1 << 20)
            while case .bytes = buffer.receive(from: socket.raw) {}
            buffer.withReadable { $0.append($0.indices, to: &bytes) }
        }

        func next() -> KeeperFrame? {
            read()
            guard case .frame(let frame, let next) = KeeperFrame.next(in: bytes.span, from: 0) else { return nil }
            bytes.removeFirst(next)
            return frame
        }

        func text() -> String {
            read()
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func join(_ office: Office, place: UInt8) throws -> End {
        let pair = try SocketPair.make()
        office.tell(.keeping(place: place), passing: pair.theirs.raw)
        return End(pair.takeOurs())
    }

    private static func ask(_ office: Office, _ line: String) throws -> End {
        let pair = try SocketPair.make()
        try Descriptor.setNonBlocking(pair.theirs.raw)
        let question = KeeperQuestion(ticket: 9, asker: "pid 1, user 0", line: line)
        office.tell(.ask(question), passing: pair.theirs.raw)
        return End(pair.takeOurs())
    }

    private static func letter(_ number: UInt64, as other: UInt64? = nil, last: UInt64 = 3) -> KeeperFrame {
        .letter(
            number: other ?? number,
            KeptMessage(
                service: "on-call", id: MessageID(log: 7, epoch: 1, sequence: number), time: 1, wireProtocol: 5,
                decodedKind: 0, topic: Array("a.b".utf8), source: [], decoded: [], body: [UInt8(number)]),
            Failings(attempts: 1, first: 2, last: last, reason: "exit 1"))
    }

    private static func kept(_ office: Office, _ end: End, upTo number: UInt64) throws -> Bool {
        var last: UInt64 = 0
        return try office.run {
            if case .kept(let number)? = end.next() { last = number }
            return last == number
        }
    }

    @Test("says up to which letter all is kept, to each worker for itself")
    func keeps() throws {
        let office = try Office()
        let (one, two) = (try Self.join(office, place: 1), try Self.join(office, place: 2))
        for number in 1...3 as ClosedRange<UInt64> { one.send(Self.letter(number)) }
        two.send(Self.letter(1))
        #expect(try Self.kept(office, one, upTo: 3) && Self.kept(office, two, upTo: 1))
    }

    @Test("answers on the asker's own connection, and gives it back")
    func answers() throws {
        let office = try Office()
        let worker = try Self.join(office, place: 1)
        worker.send(Self.letter(1))
        #expect(try Self.kept(office, worker, upTo: 1))
        let asker = try Self.ask(office, "dead list")
        #expect(try office.run { office.hear() == .answered(ticket: 9) })
        #expect(asker.text().contains("a.b: exit 1\n") && asker.text().hasSuffix("\nok\n"))
        let lost = try Self.ask(office, "dead drop 99")
        #expect(try office.run { office.hear() == .answered(ticket: 9) })
        #expect(lost.text().hasPrefix("error: there is no dead letter \"99\""))
    }

    @Test("sends a replay under its own name, to the next acceptor if need be, and answers when it is published")
    func replays() throws {
        let office = try Office()
        let worker = try Self.join(office, place: 1)
        worker.send(Self.letter(1))
        #expect(try Self.kept(office, worker, upTo: 1))
        var acceptor = try Self.join(office, place: 0)
        let asker = try Self.ask(office, "dead replay *")
        func next() throws -> KeeperFrame? {
            var frame: KeeperFrame?
            _ = try office.run {
                frame = acceptor.next()
                return frame != nil
            }
            return frame
        }
        let hello = try next()
        acceptor.send(.welcome(last: 0))
        guard case .replay(1, let message)? = try next() else {
            Issue.record("no replay")
            return
        }
        #expect(message.body == [1] && asker.text().isEmpty)
        acceptor = try Self.join(office, place: 0)
        #expect(try next() == hello)
        acceptor.send(.welcome(last: 0))
        #expect(try next() == .replay(number: 1, message))
        acceptor.send(.kept(1))
        #expect(try office.run { asker.text() == "replayed 1 dead letter\nok\n" })
    }

    @Test("answers who asked for a replay though a letter has failed once more before its turn", arguments: [2, 3])
    func failedAgain(number: UInt64) throws {
        let office = try Office()
        let worker = try Self.join(office, place: 1)
        for number in 1...3 as ClosedRange<UInt64> { worker.send(Self.letter(number)) }
        #expect(try Self.kept(office, worker, upTo: 3))
        let asker = try Self.ask(office, "dead replay *")
        worker.send(Self.letter(number, as: 4, last: 9))
        #expect(try Self.kept(office, worker, upTo: 4))
        let acceptor = try Self.join(office, place: 0)
        acceptor.send(.welcome(last: 0))
        var numbers: [UInt64] = []
        #expect(
            try office.run {
                if case .replay(let number, _)? = acceptor.next() { numbers.append(number) }
                return numbers.count == 2
            })
        #expect(numbers == [1, 2, 3].filter { $0 != number } && asker.text().isEmpty)
        acceptor.send(.kept(numbers[1]))
        let words = "replayed 2 dead letters\nkept 1, refused: it has failed again meanwhile\nok\n"
        #expect(try office.run { asker.text() == words })
    }

    @Test("goes on with the replays that an earlier one had begun, and does not rest before they are published")
    func goesOn() throws {
        let office = try Office(idleTime: 1) { folder in
            guard case .letter(_, let message, let failings) = Self.letter(1) else { return }
            let store = try KeeperStore(folder: folder)
            try store.keep([.letter(message, failings)])
            #expect(try store.beginReplay(KeeperFilter(), KeptNote(.audit, time: 1, subject: "", detail: "")) == 1...1)
        }
        let acceptor = try Self.join(office, place: 0)
        acceptor.send(.welcome(last: 0))
        var frames: [KeeperFrame] = []
        #expect(
            try office.run {
                if let frame = acceptor.next() { frames.append(frame) }
                return frames.count == 2
            })
        guard case .replay(1, let message)? = frames.last else {
            Issue.record("no replay: \(frames)")
            return
        }
        #expect(message.body == [1] && office.hear() == nil)
        acceptor.send(.kept(1))
        #expect(try office.run { office.hear() == .drained })
    }

    @Test("sets a store aside that turns out to be damaged, and leaves to the next one to begin anew")
    func damaged() throws {
        var path = ""
        let office = try Office { folder in
            path = folder + "/store.sqlite"
            try KeeperStore(folder: folder).keep(
                (1...200 as ClosedRange<UInt64>).compactMap { number -> KeeperStore.Record? in
                    guard case .letter(_, let message, let failings) = Self.letter(number) else { return nil }
                    return .letter(message, failings)
                })
        }
        var bytes = try #require(FileManager.default.contents(atPath: path))
        // Its start has read what it needs, at the tables' beginnings and ends.
        bytes.replaceSubrange(4_096..., with: Data(repeating: 0xFF, count: bytes.count - 4_096))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.write(contentsOf: bytes)
        let asker = try Self.ask(office, "dead list limit=1000")
        var progress = Keeper.Progress.running
        let deadline = Clock.monotonic() + 20_000_000_000
        while progress == .running, Clock.monotonic() < deadline { progress = try office.keeper.step(until: deadline) }
        #expect(progress == .damaged && office.hear() == .answered(ticket: 9))
        #expect(asker.text().hasPrefix("error: the store is damaged: "))
        guard case .incident(let incident)? = office.hear() else {
            Issue.record("no incident")
            return
        }
        #expect(incident.kind == .corruption && incident.detail.contains("set aside as \(path).corrupt-"))
        #expect(!FileManager.default.fileExists(atPath: path))
        let next = try KeeperStore(folder: office.folder)
        #expect(try next.letters(KeeperFilter(), withContent: false).total == 0 && next.setAside == nil)
    }

    @Test("offers to leave when it has rested, and goes when it is told to")
    func leaves() throws {
        let office = try Office(idleTime: 1)
        #expect(try office.run { office.hear() == .drained })
        office.tell(.stop)
        var progress = Keeper.Progress.running
        while progress == .running { progress = try office.keeper.step() }
        #expect(progress == .ended)
    }
}
