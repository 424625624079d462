// SPDX-License-Identifier: Apache-2.0
/// The note in an executable: found in files that are well made, refused in words in all others; and ours is true.

import CBelfryd
import Control
import LinuxIO
import Settings
import Testing
import Wire

@testable import Ring
@testable import Segments
@testable import Supervision

/// A small ELF file, to be spoilt.
private struct SmallELF {
    var bytes: [UInt8]

    /// - Parameter notes: the contents of its one segment of notes.
    init(_ notes: [UInt8], kind: UInt8 = 4) {
        bytes = [UInt8](repeating: 0, count: 64 + 56)
        bytes.replaceSubrange(0..<6, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
        #if arch(x86_64)
            bytes[18] = 62
        #else
            bytes[18] = 183
        #endif
        bytes[32] = 64
        bytes[54] = 56
        bytes[56] = 1
        bytes[64] = kind
        bytes[64 + 8] = UInt8(bytes.count)
        bytes[64 + 32] = UInt8(notes.count)
        bytes += notes
    }

    static func note(owner: String = "Belfry", version: String = "1.2.3", size: UInt8 = 64) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(owner.utf8.count + 1), 0, 0, 0, size, 0, 0, 0, 1, 0, 0, 0]
        bytes += Array(owner.utf8) + [UInt8](repeating: 0, count: 4 - owner.utf8.count % 4)
        bytes += [1, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 10, 0, 0, 0]
        return bytes + Array(version.utf8) + [UInt8](repeating: 0, count: 44 - version.utf8.count)
    }

    func read() throws -> ReleaseNote {
        try ReleaseNote { [bytes] position, count in
            let start = Int(clamping: position)
            return start >= bytes.count ? [] : Array(bytes[start..<min(bytes.count, start + count)])
        }
    }

    /// What is said instead of a note.
    var words: String {
        do {
            return "\(try read())"
        } catch {
            return (error as? ReleaseNote.Missing)?.words ?? "\(error)"
        }
    }
}

@Suite("A note in an executable")
struct ReleaseNoteTests {
    @Test("tells version and layouts, behind other notes too")
    func found() throws {
        var wanted = ReleaseNote()
        wanted.version = "1.2.3"
        (wanted.ring, wanted.settings, wanted.handOver, wanted.store) = (7, 8, 9, 10)
        #expect(try SmallELF(SmallELF.note()).read() == wanted)
        #expect(try SmallELF(SmallELF.note(owner: "GNU", size: 64) + SmallELF.note()).read() == wanted)
    }

    @Test("is missing in strangers' files, which is said in words")
    func strangers() {
        #expect(SmallELF(SmallELF.note(owner: "GNU")).words == "is not belfryd: it holds no note of Belfry")
        #expect(SmallELF(SmallELF.note(), kind: 1).words == "is not belfryd: it holds no note of Belfry")
        #expect(SmallELF([]).words == "is not belfryd: it holds no note of Belfry")
        var file = SmallELF(SmallELF.note())
        file.bytes[18] = 40
        #expect(file.words.hasPrefix("was built for another kind of machine (arm)"))
        file.bytes[4] = 1
        #expect(file.words.hasPrefix("was built for another kind of machine (arm, 32-bit)"))
        file.bytes = Array("#!/bin/sh\n".utf8) + [UInt8](repeating: 0x20, count: 100)
        #expect(file.words == "is a script, no program: name belfryd itself")
        file.bytes = Array("hello".utf8)
        #expect(file.words == "is no program (no ELF file)")
    }

    @Test("is of no use in a file that ends before what its head tells of", arguments: [60, 40])
    func cutShort(place: Int) {
        var file = SmallELF(SmallELF.note())
        let size = UInt8(file.bytes.count)
        // The table of sections, one of 64 bytes, which lies behind everything else.
        (file.bytes[40], file.bytes[58], file.bytes[60]) = (size, 64, 1)
        #expect(file.words.hasPrefix("is cut short"))
        file.bytes += [UInt8](repeating: 0, count: 64)
        #expect(throws: Never.self) { try file.read() }
        file.bytes[place] = 0xFF
        #expect(file.words.hasPrefix("is cut short"))
    }

    @Test("that is cut or made up is none, at whatever byte")
    func spoilt() {
        let whole = SmallELF(SmallELF.note())
        for count in 0..<whole.bytes.count {
            var cut = whole
            cut.bytes.removeLast(whole.bytes.count - count)
            #expect(throws: ReleaseNote.Missing.self) { try cut.read() }
        }
        for place in whole.bytes.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var spoilt = whole
                spoilt.bytes[place] = value
                // Whatever it says: it is said in bounded words.
                #expect(spoilt.words.utf8.count < 300)
            }
        }
        #expect(throws: ReleaseNote.Missing.self) { try SmallELF(SmallELF.note(version: "1\u{1B}[2J")).read() }
    }

    /// What goes over at a restart: HandOverCodingTests.
    @Test("of our own says the layouts that the sources have")
    func own() {
        #expect(belfryd_note.ring == RingLayout.version)
        #expect(belfryd_note.settings == UInt32(SettingsImage.layout))
        // It grows when either does.
        #expect(belfryd_note.store == UInt32(BatchHead.version) + CheckpointCoding.version - 1)
    }

    @Test("of the same layouts may follow, another one only through the store, and an older store never")
    func comparing() {
        var own = ReleaseNote()
        (own.ring, own.settings, own.handOver, own.store) = (3, 3, 3, 3)
        #expect(own.refusal(of: own, at: "/x", throughStore: false) == nil)
        for part: WritableKeyPath<ReleaseNote, UInt32> in [\.ring, \.settings, \.handOver] {
            var other = own
            other[keyPath: part] = 4
            let refusal = own.refusal(of: other, at: "/x", throughStore: false)?.sentence ?? ""
            #expect(refusal.hasPrefix("/x: ") && refusal.contains("4 in place of 3"), "\(refusal)")
            #expect(refusal.contains("--through-store"))
            #expect(own.refusal(of: other, at: "/x", throughStore: true) == nil)
        }
        var other = own
        other.store = 4
        #expect(own.refusal(of: other, at: "/x", throughStore: false) == nil)
        #expect(own.refusal(of: other, at: "/x", throughStore: true) == nil)
        other.store = 2
        #expect(own.refusal(of: other, at: "/x", throughStore: true)?.sentence.contains("layout 2") == true)
    }
}

@Suite("What was examined")
struct ExaminationTests {
    @Test("is read back as it was told")
    func line() {
        var note = ReleaseNote()
        note.version = "1.2"
        (note.ring, note.settings, note.handOver, note.store) = (1, 2, 3, .max)
        let examination = Examination(note: note, digest: String(repeating: "a", count: 64))
        var json = JSONWriter()
        examination.write(into: &json)
        #expect(Examination(String(decoding: json.bytes, as: UTF8.self)) == examination)
    }

    @Test("is nothing else", arguments: ["", "{}", "not done", #"{"version":"1","sha256":"aa","ring":1}"#])
    func other(line: String) {
        #expect(Examination(line) == nil)
    }
}
