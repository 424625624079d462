// SPDX-License-Identifier: Apache-2.0
/// Everything that a committer is made of, opened and mapped: what differs between a role process and a test.
///
/// CommitterRole makes it from inherited descriptors.
/// Invariant: ring and page are of the same log, and nobody else writes the page or the folder.

package import LinuxIO
package import Logging
package import Ring
package import Segments

package struct CommitterParts: ~Copyable {
    package let reader: RingReader
    /// Its own, a predecessor's before.
    package let page: CommitterPage
    package let workers: WorkerBells
    /// Rung when there may be something for it to do.
    package let bell: EventCounter
    package let acceptorBell: EventCounter
    package let folder: SegmentFolder
    package let mode: Checkpoint.Mode
    package let account: SupervisorAccount
    /// The settings image in use.
    package let settings: [UInt8]
    package var fileSize = SegmentWriter.usualFile
    package let logger: Logger
    /// Monotonic nanoseconds.
    package var clock: () -> UInt64 = Clock.monotonic

    package init(
        reader: RingReader, page: consuming CommitterPage, workers: WorkerBells, bell: consuming EventCounter,
        acceptorBell: consuming EventCounter, folder: SegmentFolder, mode: Checkpoint.Mode,
        account: SupervisorAccount, settings: [UInt8], logger: Logger
    ) {
        self.reader = reader
        self.page = page
        self.workers = workers
        self.bell = bell
        self.acceptorBell = acceptorBell
        self.folder = folder
        self.mode = mode
        self.account = account
        self.settings = settings
        self.logger = logger
    }
}
