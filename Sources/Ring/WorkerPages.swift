// SPDX-License-Identifier: Apache-2.0

import LinuxIO

/// The workers' pages as acceptor and committer see them, mapped read-only: who sleeps, and for what.
///
/// Held by WorkerBells; workers come and go with the settings.
/// Invariant: the places of the pages are the workers' indices.
package struct WorkerPages: ~Copyable {
    private var holders: [Holder?] = []
    private final class Holder {
        let page: ProcessPage
        init(_ page: consuming ProcessPage) { self.page = page }
    }

    package init() {}

    /// Looks at a worker's page from now on, in place of the one that it had.
    package mutating func set(_ page: consuming ProcessPage, at index: Int) {
        while holders.count <= index { holders.append(nil) }
        holders[index] = Holder(page)
    }

    /// Looks at a worker's page no more.
    package mutating func remove(_ index: Int) {
        if holders.indices.contains(index) { holders[index] = nil }
    }

    func forEachSleeping(_ body: (Int, UInt64) -> Void) {
        for index in holders.indices {
            guard let page = holders[index], page.page.isSleeping else { continue }
            body(index, page.page.interest)
        }
    }
}
