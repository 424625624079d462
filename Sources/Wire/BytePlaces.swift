// SPDX-License-Identifier: Apache-2.0

/// Where a byte stands in a text, one place after the other; eight bytes are looked at at once, and each only once.
///
/// Used for the header of a syslog message, whose fields are short: a search for each would look at most words twice.
/// Invariant: places come out in their order, none twice, none before where it began.
struct BytePlaces {
    private let everywhere: UInt64
    /// Where the word begins that was looked at last, and where nobody has looked yet.
    private var start = 0
    private var ahead: Int
    /// The highest bit of each byte of that word that is to be told of.
    private var marks: UInt64 = 0

    /// Nil for a text of less than a word.
    init?(of byte: UInt8, in bytes: Span<UInt8>, from place: Int) {
        guard bytes.count >= 8 else { return nil }
        everywhere = UInt64(byte) &* Span<UInt8>.ones
        ahead = place
    }

    /// The next place, or nil if there is none before `limit`: then nobody may ask again.
    @inline(__always)
    mutating func next(in bytes: Span<UInt8>, before limit: Int) -> Int? {
        while marks == 0 {
            guard ahead < limit else { return nil }
            look(bytes)
        }
        let place = start &+ marks.trailingZeroBitCount / 8
        marks &= marks &- 1
        return place < limit ? place : nil
    }

    @inline(__always)
    private mutating func look(_ bytes: Span<UInt8>) {
        // The last word reaches back; what was looked at before is left out.
        start = min(ahead, bytes.count &- 8)
        let word = bytes.word(at: start) ^ everywhere
        let low = ~Span<UInt8>.highBits
        // Exact for each byte, as those behind the first one count, too.
        let found = ~((word & low) &+ low | word | low)
        marks = found & (UInt64.max &<< UInt64((ahead &- start) &* 8))
        ahead = start &+ 8
    }
}
