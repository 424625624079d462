// SPDX-License-Identifier: Apache-2.0
/// A batch of datagrams read by one recvmmsg into shared memory. Used by Ring (it lies in the log's region, R1), so
/// that the successor of a killed acceptor finds what had been read from the kernel but not been published.
/// Layout, with n entries: 0 headers (mmsghdr, 64 bytes each, msg_len at 56); n*64 iovec (16); n*80 address (32);
/// n*112 control (64); at the next multiple of 4096 n buffers of 65,536 bytes.
/// Invariant: entry i is filled exactly if its msg_len is not 0xFFFFFFFF, which the kernel writes last and in order;
/// pointers in the memory are rebuilt at attach, and no length is used before it was held against its bound.

internal import CLinux
internal import Glibc

@usableFromInline @safe package final class DatagramArray {
    @inlinable package static var bufferSize: Int { 65_536 }
    private static let unfilled: UInt32 = 0xFFFF_FFFF
    private static let addressSize = 32

    /// How many bytes of shared memory an array of so many entries takes.
    package static func byteCount(entries: Int) -> Int { buffersOffset(entries) + entries * bufferSize }

    @usableFromInline package let entries: Int
    @usableFromInline let base: UnsafeMutableRawPointer

    /// Over `byteCount(entries:)` bytes from `offset` (a multiple of 64) of a writable mapping, which must outlive this
    /// array. What the kernel had written there stays to be read; for fresh memory `reset()` comes first.
    package init(attaching memory: borrowing MappedMemory, offset: Int, entries: Int) {
        precondition(memory.writable && entries > 0 && entries <= 1024 && offset >= 0 && offset % 64 == 0)
        precondition(offset <= memory.count - DatagramArray.byteCount(entries: entries))
        self.entries = entries
        unsafe base = memory.base + offset
        attach()
    }

    /// Puts our own pointers in the place of those of another process that has attached behind us and is gone.
    package func attach() { unsafe belfry_datagrams_attach(base, UInt32(entries), UInt32(DatagramArray.bufferSize)) }

    /// Marks every entry as not filled. Only after what they held was published.
    package func reset() { unsafe belfry_datagrams_reset(base, UInt32(entries)) }

    /// Reads what waits on the socket, as much as fits, into the entries from the first on. After `reset()` only.
    /// The number of datagrams (or trains), 0 when none waits.
    package func receive(from fd: CInt) throws(SystemCallError) -> Int {
        let (count, code) = uninterrupted { unsafe belfry_datagrams_receive(fd, base, 0, UInt32(entries)) }
        // A refusal that some earlier sending brought back is no error of the socket: the next call reads on.
        if code == EAGAIN || code == ECONNREFUSED { return 0 }
        guard code == 0 else { throw SystemCallError(call: "recvmmsg", code: code) }
        return Int(count)
    }

    /// How many entries, from the first on, the kernel has filled since the last reset, whichever process asked it.
    package var filledCount: Int {
        var count = 0
        while count < entries, rawLength(count) != DatagramArray.unfilled { count += 1 }
        return count
    }

    /// Bytes in the entry, and the size of each datagram in it: all but the last of a train are of that size.
    package func message(_ index: Int) -> (length: Int, segmentSize: Int) {
        let length = Int(min(rawLength(index), UInt32(DatagramArray.bufferSize)))
        let segment = unsafe Int(belfry_datagrams_segment(base, UInt32(entries), UInt32(index)))
        return (length, segment > 0 && segment < length ? segment : length)
    }

    /// Lends all bytes of an entry.
    @inlinable
    package func withBytes<Result, Failure: Error>(
        _ index: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let length = Int(min(rawLength(index), UInt32(DatagramArray.bufferSize)))
        let offset = DatagramArray.buffersOffset(entries) + index * DatagramArray.bufferSize
        // Holds: index < entries (rawLength checks it) and length <= bufferSize, so the bytes lie within the slice.
        let bytes = unsafe UnsafeBufferPointer(
            start: unsafe (base + offset).assumingMemoryBound(to: UInt8.self), count: length)
        return try body(unsafe bytes.span)
    }

    /// The sender, nil if the kernel named none.
    package func source(_ index: Int) -> SocketAddress? {
        precondition(index >= 0 && index < entries)
        let address = unsafe base + entries * 80 + index * DatagramArray.addressSize
        // Holds: 28 bytes (sockaddr_in6) of the 32 reserved; the family decides how much of it is read.
        return unsafe SocketAddress(UnsafeRawBufferPointer(start: address, count: 28))
    }

    /// Whether both entries name the same sender: a quick answer, which may be a wrong no.
    package func isSameSource(_ one: Int, _ other: Int) -> Bool {
        precondition(one >= 0 && one < entries && other >= 0 && other < entries)
        let addresses = unsafe base + entries * 80
        // Holds: both were checked just now, and 28 bytes (sockaddr_in6) of each entry's 32 are the address.
        return unsafe memcmp(
            addresses + one * DatagramArray.addressSize, addresses + other * DatagramArray.addressSize, 28) == 0
    }

    /// Appends the sender as text, nothing if the kernel named none.
    package func appendSource(_ index: Int, to text: inout [UInt8]) { source(index)?.append(to: &text) }

    @inlinable
    func rawLength(_ index: Int) -> UInt32 {
        precondition(index >= 0 && index < entries)
        return unsafe (base + index * 64 + 56).load(as: UInt32.self)
    }

    @inlinable
    static func buffersOffset(_ entries: Int) -> Int { (entries * 176 + 4095) / 4096 * 4096 }
}
