// SPDX-License-Identifier: Apache-2.0
/// A part of a ring's memory as it was when the target was made, to be put back before each input: to make a ring anew takes
/// a hundred times as long.
///
/// Used by the targets that write to a ring.
/// Invariant: the parts that mean something in a ring of 4 KiB and 16 records are all that ever changes in it.

import Glibc
import LinuxIO
import Ring

struct RingArea {
    let raw: CInt
    let offset: Int
    let bytes: [UInt8]

    init(_ raw: CInt, _ offset: Int, _ count: Int) {
        var bytes = [UInt8](repeating: 0, count: count)
        // Holds: the array has `count` bytes.
        let got = unsafe bytes.withUnsafeMutableBytes { unsafe pread(raw, $0.baseAddress, count, off_t(offset)) }
        require(got == count, "an area that is not there")
        (self.raw, self.offset, self.bytes) = (raw, offset, bytes)
    }

    /// The log's: head and totals, the first senders, records.
    static func log(_ raw: CInt) -> [RingArea] {
        [RingArea(raw, 0, 12_288), RingArea(raw, 16_384, 256), RingArea(raw, 4_747_264, 8_192)]
    }

    func restore() {
        // Holds: the array has so many bytes.
        _ = unsafe bytes.withUnsafeBytes { unsafe pwrite(raw, $0.baseAddress, $0.count, off_t(offset)) }
    }

    /// Changes a word of it.
    func set(_ place: Int, _ word: UInt64) {
        var word = word.littleEndian
        // Holds: the word is one of eight bytes.
        _ = unsafe pwrite(raw, &word, 8, off_t(offset + place))
    }
}
