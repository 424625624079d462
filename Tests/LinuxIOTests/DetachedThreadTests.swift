// SPDX-License-Identifier: Apache-2.0
/// Threads of our own, and the gate that they open.

import Glibc
import LinuxIO
import Synchronization
import Testing

@Suite("A thread of our own", .timeLimit(.minutes(1)))
struct DetachedThreadTests {
    @Test("runs under its name, with every signal blocked, and leaves the mask of its maker as it was")
    func runs() throws {
        let before = Self.blocked()
        let seen = Mutex<(name: String, blocked: Set<CInt>)>(("", []))
        let gate = Gate()
        let shared = Shared(seen)
        try DetachedThread.start(named: "belfry-test") {
            let name = (try? File.read("/proc/thread-self/comm", limit: 64)) ?? []
            shared.value.withLock { $0 = (String(decoding: name, as: UTF8.self), Self.blocked()) }
            gate.open()
        }
        gate.wait()
        let (name, blocked) = shared.value.withLock { $0 }
        #expect(name == "belfry-test\n")
        #expect(blocked.isSuperset(of: [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGCHLD]))
        #expect(Self.blocked() == before)
    }

    private final class Shared<Value: ~Copyable & Sendable>: Sendable {
        let value: Value
        init(_ value: consuming Value) { self.value = value }
    }

    private static func blocked() -> Set<CInt> {
        var mask = sigset_t()
        unsafe pthread_sigmask(SIG_SETMASK, nil, &mask)
        return Set((CInt(1)...31).filter { unsafe sigismember(&mask, $0) == 1 })
    }
}

@Suite("A gate", .timeLimit(.minutes(1)))
struct GateTests {
    @Test("that was opened before lets through at once")
    func before() {
        let gate = Gate()
        gate.open()
        gate.wait()
    }

    @Test("holds until another thread opens it")
    func holds() throws {
        let gate = Gate()
        let opened = Opened()
        try DetachedThread.start(named: "belfry-test") {
            opened.flag.store(true, ordering: .relaxed)
            gate.open()
        }
        gate.wait()
        let wasOpened = opened.flag.load(ordering: .relaxed)
        #expect(wasOpened)
    }

    private final class Opened: Sendable { let flag = Atomic(false) }
}

@Suite("A train of datagrams")
struct DatagramTrainTests {
    @Test("arrives as datagrams of the segment's size, the last one shorter")
    func train() throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        let listener = try Sockets.udp(address)
        let sender = try Sockets.udpConnect(try #require(try SocketFacts.name(of: listener.raw)))
        try #require(DatagramTrain.isSupported(sender.raw))
        let bytes = [UInt8](0..<25)
        #expect(DatagramTrain.send(sender.raw, bytes.span, segment: 10) == .sent)
        var lengths: [Int] = []
        let input = ByteBuffer(limit: 4096)
        while case .bytes(let count) = input.receive(from: listener.raw) { lengths.append(count) }
        #expect(lengths == [10, 10, 5])
        #expect(input.withReadable { span in span.indices.map { span[$0] } } == bytes)
    }

    @Test("that is too large says so, and nothing of it arrives")
    func tooLarge() throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        let listener = try Sockets.udp(address)
        let sender = try Sockets.udpConnect(try #require(try SocketFacts.name(of: listener.raw)))
        let bytes = [UInt8](repeating: 0, count: 65_508)
        #expect(DatagramTrain.send(sender.raw, bytes.span) == .failed(EMSGSIZE))
        #expect(ByteBuffer(limit: 4096).receive(from: listener.raw) == .wouldBlock)
    }
}
