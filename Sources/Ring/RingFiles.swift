// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// The regions R0, R1 and R2 as memory files: made by the supervisor, kept by it as long as it lives, and
/// handed to the roles by descriptor, writable to one role only.
///
/// Invariant: every file is allocated in full and its size sealed, so that no access to a mapping can fault.
package struct RingFiles: ~Copyable {
    package let control: MemoryFile
    package let log: MemoryFile
    package let outcomes: MemoryFile
    package let geometry: RingGeometry
    package let logID: UInt64

    /// Makes a new ring, with no record in it.
    /// - Parameters: logID: random, not 0. now: ns since 1970. contents: of an earlier ring of the same log.
    package init(
        creating geometry: RingGeometry, logID: UInt64, now: UInt64, contents: RingContents = RingContents()
    ) throws {
        precondition(geometry.isValid, "a geometry that the layout can't hold")
        let control = try Self.make(.control, geometry, logID, now) { contents.write(control: $0) }
        let log = try Self.make(.log, geometry, logID, now) { contents.write(log: $0) }
        let outcomes = try Self.make(.outcomes, geometry, logID, now) { contents.write(outcomes: $0) }
        self.control = control
        self.log = log
        self.outcomes = outcomes
        self.geometry = geometry
        self.logID = logID
    }

    /// Takes over a ring that is in use.
    /// - Throws: RegionError if one of the files is no region of this layout, or they don't belong together.
    package init(
        adopting control: consuming MemoryFile, log: consuming MemoryFile, outcomes: consuming MemoryFile
    ) throws {
        let header = try RegionHeader.check(
            .control, try MemoryFile.map(control.descriptor.raw, writable: false), log: nil)
        for (kind, raw) in [(RegionHeader.Kind.log, log.descriptor.raw), (.outcomes, outcomes.descriptor.raw)] {
            let other = try RegionHeader.check(kind, try MemoryFile.map(raw, writable: false), log: header.logID)
            guard other.geometry == header.geometry else { throw RegionError.geometry(region: kind.name) }
        }
        self.control = control
        self.log = log
        self.outcomes = outcomes
        geometry = header.geometry
        logID = header.logID
    }

    private static func make(
        _ kind: RegionHeader.Kind, _ geometry: RingGeometry, _ logID: UInt64, _ now: UInt64,
        write: (SharedWords) -> Void
    ) throws -> MemoryFile {
        // Every page of the log is come to in turn; of the outcomes only those of services that there are.
        let file = try MemoryFile(named: "belfry-\(kind.name)", size: kind.size(geometry), huge: kind == .log)
        let memory = try MemoryFile.map(file.descriptor.raw, writable: true)
        let words = SharedWords(memory)
        write(words)
        RegionHeader(logID: logID, geometry: geometry).write(kind, to: words, created: now)
        return file
    }
}
