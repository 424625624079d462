// SPDX-License-Identifier: Apache-2.0

import LinuxIO

/// The workers' pages as the acceptor sees them, mapped read-only: who sleeps, and for what.
///
/// Invariant: the places of the pages are the workers' indices.
package struct WorkerPages: ~Copyable {
    private let memories: [Holder]
    private final class Holder {
        let page: ProcessPage
        init(_ page: consuming ProcessPage) { self.page = page }
    }

    /// - Parameter descriptors: one page per worker, in the order of their indices.
    package init(mapping descriptors: [CInt]) throws {
        memories = try descriptors.map { Holder(try ProcessPage(MemoryFile.map($0, writable: false))) }
    }

    package var count: Int { memories.count }

    func forEachSleeping(_ body: (Int, UInt64) -> Void) {
        for index in memories.indices where memories[index].page.isSleeping {
            body(index, memories[index].page.interest)
        }
    }
}
