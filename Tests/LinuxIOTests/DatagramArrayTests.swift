// SPDX-License-Identifier: Apache-2.0
/// Batches of datagrams in shared memory: over loopback, with and without the offload, and found again by a successor.

import Glibc
import LinuxIO
import Testing

@Suite("A datagram array")
struct DatagramArrayTests {
    private let memory: Memory
    private let receiver: Receiver

    init() throws {
        memory = try Memory()
        receiver = try Receiver()
    }

    @Test("holds what was sent, in order, with its source")
    func receives() throws {
        let array = memory.attach()
        array.reset()
        let source = try receiver.send(["one", "", "three"])
        #expect(try receiver.receive(array) == 3)
        #expect((0..<3).map { index in array.withBytes(index) { text($0) } } == ["one", "", "three"])
        #expect(array.source(2)?.description == source)
        var appended: [UInt8] = [0]
        array.appendSource(0, to: &appended)
        #expect(appended == [0] + bytes(source))
        #expect(array.message(0) == (3, 3))
    }

    @Test("says 0 when nothing waits")
    func empty() throws {
        let array = memory.attach()
        array.reset()
        #expect(try array.receive(from: receiver.socket.raw) == 0)
        #expect(array.filledCount == 0)
    }

    @Test("takes no more than it has entries, the rest next time")
    func bounded() throws {
        let array = memory.attach()
        array.reset()
        try receiver.send((0..<Memory.entries + 2).map { "\($0)" })
        #expect(try receiver.receive(array) == Memory.entries)
        array.reset()
        #expect(try receiver.receive(array) == 2)
        #expect(array.withBytes(1) { text($0) } == "\(Memory.entries + 1)")
    }

    @Test("says of a train of datagrams how long each of them is")
    func train() throws {
        try SocketOptions.setUDPOffload(receiver.socket.raw)
        let array = memory.attach()
        array.reset()
        let text = String(repeating: "0123456789", count: 10) + "tail"
        try receiver.send([text], segment: 10)
        let count = try receiver.receive(array)
        // A network device without the offload may split the train before it arrives.
        #expect(count == 1)
        #expect(array.message(0) == (104, 10))
    }

    @Test("holds the greatest datagram that there is")
    func greatest() throws {
        let array = memory.attach()
        array.reset()
        try receiver.send([String(repeating: "g", count: 65_507)])
        #expect(try receiver.receive(array) == 1)
        #expect(array.message(0) == (65_507, 65_507))
    }

    @Test("shows a successor what was read by its predecessor")
    func successor() throws {
        let source = try {
            let array = memory.attach()
            array.reset()
            let source = try receiver.send(["read", "but not", "published"])
            #expect(try receiver.receive(array) == 3)
            return source
        }()
        let other = try memory.mappedAnew()
        let array = DatagramArray(attaching: other, offset: Memory.offset, entries: Memory.entries)
        #expect(array.filledCount == 3)
        #expect((0..<3).map { index in array.withBytes(index) { text($0) } } == ["read", "but not", "published"])
        #expect(array.source(1)?.description == source)
        array.reset()
        #expect(array.filledCount == 0)
        try receiver.send(["next"])
        #expect(try receiver.receive(array) == 1)
    }

    @Test("never believes a length in the memory that is out of bounds")
    func garbage() throws {
        let array = memory.attach()
        array.reset()
        // msg_controllen (40) and msg_len (56) of entry 1.
        unsafe memory.mapped.base.storeBytes(of: .max, toByteOffset: Memory.offset + 64 + 40, as: UInt64.self)
        unsafe memory.mapped.base.storeBytes(of: 0x7FFF_FFFF, toByteOffset: Memory.offset + 64 + 56, as: UInt32.self)
        #expect(array.message(1) == (65_536, 65_536))
        #expect(array.withBytes(1) { $0.count } == 65_536)
    }

    @Test("has the layout that a successor of another version may rely on")
    func layout() {
        #expect(DatagramArray.byteCount(entries: 64) == 12_288 + 64 * 65_536)
        #expect(DatagramArray.byteCount(entries: 8) == 4096 + 8 * 65_536)
    }
}

private final class Memory {
    static let entries = 8
    static let offset = 4096
    let file: MemoryFile
    let mapped: MappedMemory

    init() throws {
        file = try MemoryFile(
            named: "datagrams", size: Memory.offset + DatagramArray.byteCount(entries: Memory.entries))
        mapped = try MemoryFile.map(file.descriptor.raw, writable: true)
    }

    func attach() -> DatagramArray { DatagramArray(attaching: mapped, offset: Memory.offset, entries: Memory.entries) }

    func mappedAnew() throws -> MappedMemory { try MemoryFile.map(file.descriptor.raw, writable: true) }
}

private final class Receiver {
    let socket: Descriptor

    init() throws {
        socket = try Sockets.udp(anyPort())
        try SocketOptions.setReceiveBuffer(socket.raw, 1 << 20)
    }

    /// Sends each text as a datagram of its own, or cut into segments; says from where.
    @discardableResult
    func send(_ texts: [String], segment: CInt = 0) throws -> String {
        let sender = try Sockets.udpConnect(name(socket))
        if segment > 0 {
            var size = segment
            // UDP_SEGMENT, udp(7): what is sent at once goes out as datagrams of this size.
            #expect(unsafe setsockopt(sender.raw, CInt(IPPROTO_UDP), 103, &size, 4) == 0)
        }
        for text in texts { #expect(try Sockets.send(sender.raw, bytes(text).span)) }
        return try name(sender).description
    }

    func receive(_ array: DatagramArray) throws -> Int {
        try waitUntilReadable(socket.raw)
        return try array.receive(from: socket.raw)
    }
}
