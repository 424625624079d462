// SPDX-License-Identifier: Apache-2.0
/// The segment files that are there, by name alone. Used by SegmentWriter, ParkedRecords and Recovery.
///
/// Invariant: names of other kinds are left alone, whatever they are.

internal import LinuxIO

package struct SegmentFolder {
    package let storage: any SegmentStorage

    package init(_ storage: any SegmentStorage) { self.storage = storage }

    /// The files of a stream in the order of what they hold.
    package func files(_ stream: SegmentStream) throws(SegmentFault) -> [SegmentName] {
        try names().compactMap { SegmentName($0) }.filter { $0.stream == stream }.sorted { $0.first < $1.first }
    }

    package func names() throws(SegmentFault) -> [String] {
        do throws(SystemCallError) { return try storage.names() } catch { throw SegmentFault(".", error) }
    }

    package func remove(_ name: String) throws(SegmentFault) {
        do throws(SystemCallError) { try storage.remove(name) } catch { throw SegmentFault(name, error) }
    }

    package func sync() throws(SegmentFault) {
        do throws(SystemCallError) { try storage.syncFolder() } catch { throw SegmentFault(".", error) }
    }

    func rename(_ name: String, to other: String) throws(SegmentFault) {
        do throws(SystemCallError) { try storage.rename(name, to: other) } catch { throw SegmentFault(name, error) }
    }
}
