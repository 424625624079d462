// SPDX-License-Identifier: Apache-2.0
/// A folder of small files in memory, to be damaged. Used by the target `segments`.
///
/// Invariant: it does what is asked of it at once, and gives no room but for what is written.

import LinuxIO
import Segments

final class SmallDisk: SegmentStorage {
    private var files: [String: Int] = [:]
    private var contents: [[UInt8]] = []

    init() {}

    /// Another one with the same files.
    init(from other: SmallDisk) { (files, contents) = (other.files, other.contents) }

    // MARK: damage

    /// Changes a byte of a file, in the order of their names.
    func set(_ file: Int, _ place: Int, _ byte: UInt8) {
        guard let number = files[files.keys.sorted()[file % files.count]], !contents[number].isEmpty else { return }
        contents[number][place % contents[number].count] = byte
    }

    /// docs/segments.md, "Checkpoints": the sum at 12 is that of all behind the head.
    func mendCheckpoints() {
        for (name, number) in files where name.hasPrefix("checkpoint-") && contents[number].count > 24 {
            put(UInt64(contents[number].count - 24), 8, at: 16, of: number)
            put(UInt64(sum(number, 24..<contents[number].count)), 4, at: 12, of: number)
        }
    }

    /// docs/segments.md, "Segment files": of the records, of the body, of the head with its table.
    func mendBatches() {
        for (name, number) in files where name.hasSuffix(".seg") {
            for start in stride(from: 0, to: contents[number].count - 80, by: 4_096) { mendBatch(number, start) }
        }
    }

    private func mendBatch(_ file: Int, _ start: Int) {
        let bytes = contents[file]
        let table = start + 80 + 4 * bytes[start + 56..<start + 64].reduce(0) { $0 + $1.nonzeroBitCount }
        let length = (0..<4).reduce(0) { $0 | Int(bytes[start + 52 + $1]) << (8 * $1) }
        guard table <= bytes.count, length <= bytes.count - table else { return }
        // The batches of this folder hold one record each, or slots.
        if bytes[start + 6] == 1, length >= 80 { mendRecord(file, table, length) }
        put(UInt64(sum(file, table..<table + length)), 4, at: start + 72, of: file)
        put(UInt64(sum(file, start..<start + 76, start + 80..<table)), 4, at: start + 76, of: file)
    }

    private func mendRecord(_ file: Int, _ start: Int, _ length: Int) {
        func number(_ place: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(contents[file][start + place + $1]) << (8 * $1) }
        }
        let replayed = number(50, 1) & 1 == 0 ? 0 : 20
        let payload = number(24, 4) + number(28, 2) + number(30, 2) + number(32, 4) + replayed
        guard payload <= length - 80 else { return }
        let sum = sum(file, start + 80..<start + 80 + payload, start..<start + 52, start + 56..<start + 80)
        put(UInt64(sum), 4, at: start + 52, of: file)
    }

    private func sum(_ file: Int, _ ranges: Range<Int>...) -> UInt32 {
        var sum = CRC32C()
        let bytes = contents[file]
        for range in ranges { sum.add(bytes.span.extracting(range)) }
        return sum.value
    }

    private func put(_ value: UInt64, _ count: Int, at place: Int, of file: Int) {
        for index in 0..<count { contents[file][place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }

    // MARK: what a storage does

    func create(_ name: String) throws(SystemCallError) -> CInt {
        guard files[name] == nil else { throw SystemCallError(call: "openat", code: 17) }
        files[name] = contents.count
        contents.append([])
        return CInt(contents.count - 1)
    }

    func open(_ name: String, writable: Bool) throws(SystemCallError) -> CInt {
        guard let file = files[name] else { throw SystemCallError(call: "openat", code: 2) }
        return CInt(file)
    }

    func write(
        _ file: CInt, at position: Int, _ first: Span<UInt8>, _ second: Span<UInt8>
    ) throws(SystemCallError) {
        let end = position + first.count + second.count
        require(end <= 1 << 24, "more is written than there can be")
        let missing = end - contents[Int(file)].count
        if missing > 0 { contents[Int(file)] += [UInt8](repeating: 0, count: missing) }
        var place = position
        for part in [0, 1] {
            let bytes = part == 0 ? first : second
            for index in bytes.indices { contents[Int(file)][place + index] = bytes[index] }
            place += bytes.count
        }
    }

    func read(_ file: CInt, at position: Int, count: Int, into buffer: ByteBuffer) throws(SystemCallError) {
        let bytes = contents[Int(file)]
        guard position < bytes.count else { return }
        _ = buffer.append(bytes.span.extracting(position..<min(position + count, bytes.count)))
    }

    func size(_ file: CInt) -> Int { contents[Int(file)].count }
    func truncate(_ file: CInt, to count: Int) throws(SystemCallError) {
        contents[Int(file)].removeLast(max(contents[Int(file)].count - count, 0))
    }
    func rename(_ name: String, to other: String) throws(SystemCallError) {
        files[other] = files.removeValue(forKey: name)
    }
    func remove(_ name: String) throws(SystemCallError) { files[name] = nil }
    func names() throws(SystemCallError) -> [String] { Array(files.keys) }
    func preallocate(_ file: CInt, _ count: Int) throws(SystemCallError) {}
    func close(_ file: CInt) {}
    func sync(_ file: CInt) throws(SystemCallError) {}
    func syncFolder() throws(SystemCallError) {}
}
