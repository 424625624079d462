// SPDX-License-Identifier: Apache-2.0
/// A list of C strings with its closing null, as execve takes it.
/// Used by LaunchPlan for arguments and environment.
/// Invariant: every entry is a block of its own that ends in a zero; replacing one allocates only if it outgrows its room.

@safe final class CStringTable {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int
    private var rooms: [Int]

    init(_ strings: [String]) {
        count = strings.count
        rooms = strings.map { $0.utf8.count + 1 }
        unsafe pointers = .allocate(capacity: strings.count + 1)
        unsafe pointers.initialize(repeating: nil, count: strings.count + 1)
        for (index, string) in strings.enumerated() {
            unsafe pointers[index] = CStringTable.copy(Array(string.utf8), room: rooms[index])
        }
    }

    deinit {
        for index in 0..<count { unsafe pointers[index]?.deallocate() }
        unsafe pointers.deallocate()
    }

    /// Writes `value` behind the first `prefix` bytes of the entry.
    func replace(_ index: Int, keeping prefix: Int, with value: borrowing Span<UInt8>) {
        precondition(index >= 0 && index < count && prefix >= 0 && prefix < rooms[index])
        let needed = prefix + value.count + 1
        if needed > rooms[index] { grow(index, keeping: prefix, to: needed * 2) }
        // Holds: the room was made large enough just now.
        let entry = unsafe pointers[index]! + prefix
        unsafe value.withUnsafeBytes {
            if let source = $0.baseAddress {
                unsafe UnsafeMutableRawPointer(entry).copyMemory(from: source, byteCount: $0.count)
            }
        }
        unsafe entry[value.count] = 0
    }

    /// The block of an entry, from `offset` on. It stays where it is as long as the entry is not replaced.
    func address(_ index: Int, offset: Int) -> UnsafeMutablePointer<CChar> {
        precondition(index >= 0 && index < count && offset >= 0 && offset < rooms[index])
        return unsafe pointers[index]! + offset
    }

    private func grow(_ index: Int, keeping prefix: Int, to room: Int) {
        let larger = UnsafeMutablePointer<CChar>.allocate(capacity: room)
        // Holds: prefix < the old room, and the new room is larger.
        unsafe larger.initialize(from: pointers[index]!, count: prefix)
        unsafe pointers[index]!.deallocate()
        unsafe pointers[index] = larger
        rooms[index] = room
    }

    private static func copy(_ bytes: [UInt8], room: Int) -> UnsafeMutablePointer<CChar> {
        let block = UnsafeMutablePointer<CChar>.allocate(capacity: room)
        // Holds: room = bytes.count + 1.
        for (offset, byte) in bytes.enumerated() { unsafe block[offset] = CChar(bitPattern: byte) }
        unsafe block[bytes.count] = 0
        return unsafe block
    }
}
