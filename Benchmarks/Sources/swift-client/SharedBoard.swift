// SPDX-License-Identifier: Apache-2.0
/// The scoreboard as a publisher sees it: it says what it has sent, and looks at what was received.
///
/// Used by SwiftClient; Benchmarks/Programs/bench.h has the layout.
/// Invariant: only the publisher's own words are written.

import Glibc
import Synchronization

@safe final class SharedBoard {
    private enum Word: Int {
        case magic = 0, received = 16, acks = 64, sent = 72, firstSend = 80, lastSend = 88, lastAck = 96,
            scheduleStart = 120
    }

    struct NoBoard: Error, CustomStringConvertible { let description: String }

    private static let length = 4096
    private let memory: UnsafeMutableRawPointer

    init(path: String) throws {
        let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw NoBoard(description: "\(path) can't be opened") }
        defer { close(descriptor) }
        let memory = unsafe mmap(nil, Self.length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            throw NoBoard(description: "\(path) can't be mapped")
        }
        unsafe self.memory = memory
        guard self[.magic] == 0x4253_4C46_4542_5942 else { throw NoBoard(description: "\(path) is no scoreboard") }
    }

    deinit { unsafe munmap(memory, Self.length) }

    var sent: UInt64 { self[.sent] }
    var accepted: UInt64 { self[.acks] }
    var received: Int { Int(self[.received]) }

    func begin() {
        Self.napToTheMicrosecond()
        self[.scheduleStart] = Self.now
        self[.firstSend] = Self.now
    }

    /// As the C programs do, whose naps the kernel would else make up to 50 µs longer. prctl is hidden from Swift.
    private static func napToTheMicrosecond() {
        let descriptor = unsafe open("/proc/self/timerslack_ns", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = unsafe write(descriptor, "1", 1)
        close(descriptor)
    }

    func sent(_ count: Int) {
        self[.sent] = UInt64(count)
        self[.lastSend] = Self.now
    }

    func accepted(_ count: Int) {
        self[.acks] = UInt64(count)
        self[.lastAck] = Self.now
    }

    /// Naps until so many were received. As the C programs do: the processors have other work meanwhile.
    func waitUntilReceived(_ count: Int) throws {
        let deadline = Self.now + Self.patience
        while self[.received] < UInt64(max(count, 0)) {
            guard Self.now < deadline else { throw Stalled(received: self[.received]) }
            usleep(Self.nap)
        }
    }

    /// Nothing was received for so long: something was lost, or nobody consumes.
    private static let patience: UInt64 = 10_000_000_000
    private static let nap: useconds_t = 100

    struct Stalled: Error, CustomStringConvertible {
        let received: UInt64
        var description: String { "the consumer has received \(received) and no more for 10 s" }
    }

    private subscript(word: Word) -> UInt64 {
        // Holds: the mapping is a page, every word lies in it and is aligned; others reach the words atomically, too.
        get { unsafe pointer(word).pointee.load(ordering: .relaxed) }
        set { unsafe pointer(word).pointee.store(newValue, ordering: .relaxed) }
    }

    private func pointer(_ word: Word) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe (memory + word.rawValue).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    private static var now: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
