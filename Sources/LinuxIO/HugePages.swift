// SPDX-License-Identifier: Apache-2.0
/// Memory files of pages of 2 MiB: with ordinary ones whoever comes to a page first pays for a fault (1.7 µs on a virtual
/// machine, 16,384 times in 64 MiB), and so does each process that comes after it.
///
/// Used by MemoryFile. The kernel is asked for them outright (MADV_COLLAPSE, Linux 6.1), as the machine's setting for
/// shared memory is `never` by default.
/// Invariant: huge pages are a gift. What is not to be had of them at once is left to ordinary pages, and nothing fails.

internal import CLinux
internal import Glibc

enum HugePages {
    /// Where pages are larger, the kernel refuses, and all stays ordinary.
    static let size = 2 << 20
    /// A page takes 0.1 ms; up to 5 ms where other pages must be moved out of its way, or where a virtual machine gets
    /// the memory from its host only now. No start is to wait for 64 GiB of that.
    private static let patience: UInt64 = 1_000_000_000

    /// Gives an empty file its size, and memory from its beginning on.
    static func allocate(_ raw: CInt, _ size: Int) throws(SystemCallError) {
        try systemCall("ftruncate") { ftruncate(raw, size) }
        guard size >= Self.size else { return }
        let memory = try MemoryFile.map(raw, writable: true)
        let end = Clock.monotonic() + patience
        for offset in stride(from: 0, through: size - Self.size, by: Self.size) {
            guard collapse(raw, memory, at: offset), Clock.monotonic() < end else { return }
        }
    }

    private static func collapse(_ raw: CInt, _ memory: borrowing MappedMemory, at offset: Int) -> Bool {
        // The kernel passes over a range with nothing in it. By call: a store that finds no memory is a SIGBUS.
        var zero: UInt8 = 0
        guard unsafe pwrite(raw, &zero, 1, offset) == 1 else { return false }
        // Holds: the range lies inside the mapping.
        return unsafe belfry_collapse(memory.base + offset, Self.size) == 0
    }

    /// Maps the first `count` bytes of a file where huge pages fit.
    static func map(
        _ raw: CInt, _ count: Int, _ protection: CInt
    ) throws(SystemCallError) -> UnsafeMutableRawPointer {
        guard count >= size else { return unsafe try map(raw, count, protection, at: nil) }
        let room = count + size
        let taken = unsafe mmap(nil, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let taken = unsafe taken, unsafe taken != MAP_FAILED else {
            throw SystemCallError(call: "mmap", code: errno)
        }
        let base = unsafe taken.alignedUp(toMultipleOf: size)
        do throws(SystemCallError) {
            _ = unsafe try map(raw, count, protection, at: base)
        } catch {
            _ = unsafe munmap(taken, room)
            throw error
        }
        // What was taken before and behind it, by whole pages. Holds: nobody else knows of it.
        let end = unsafe (base + count).alignedUp(toMultipleOf: Int(getpagesize()))
        _ = unsafe munmap(taken, base - taken)
        _ = unsafe munmap(end, taken + room - end)
        return unsafe base
    }

    /// `place`: in a range that is ours.
    private static func map(
        _ raw: CInt, _ count: Int, _ protection: CInt, at place: UnsafeMutableRawPointer?
    ) throws(SystemCallError) -> UnsafeMutableRawPointer {
        let flags = unsafe place == nil ? MAP_SHARED : MAP_SHARED | MAP_FIXED
        guard let base = unsafe mmap(place, count, protection, flags, raw, 0), unsafe base != MAP_FAILED else {
            throw SystemCallError(call: "mmap", code: errno)
        }
        return unsafe base
    }
}
