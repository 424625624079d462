// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// The producer's receive batches: datagrams are read from the kernel straight into R1, so that a new
/// acceptor finds what its predecessor had read but not published.
///
/// The head says which batch is being published and how many of its datagrams are done; the batch word says
/// which batch the array holds. Equal numbers mean: there is something left in the array.
///
/// Invariant: the array is cleared only when the head says that its batch is done.
extension RingProducer {
    /// Entries of the array that the kernel filled and that are not published, after a predecessor's death.
    /// The caller works them off like a batch it has just received, skipping `consumedDatagrams`.
    package var unpublishedEntries: Int {
        // Acquire: pairs with the release in receive().
        words.acquire(RingLayout.Log.batch) == progress.batch &+ 1 ? datagrams.filledCount : 0
    }

    /// Datagrams (segments counted singly) of the batch that are done already.
    package var consumedDatagrams: Int { Int(progress.datagrams) }

    /// Reads a batch from the kernel. What was consumed of the batch before must have been finished.
    /// - Returns: how many entries the kernel filled, 0 if there was nothing.
    package func receive(from socket: CInt) throws(SystemCallError) -> Int {
        publish()
        // Behind the publish: from here on the old batch is nobody's concern.
        datagrams.reset()
        FaultPoint.reach(.datagramsCleared)
        // Release: pairs with the acquire in unpublishedEntries. Batches are numbered from 1 in this word, so
        // that a fresh region, all zero, holds none.
        words.release(progress.batch &+ 1, RingLayout.Log.batch)
        FaultPoint.reach(.datagramBatchNumbered)
        let count = try datagrams.receive(from: socket)
        if count > 0 { FaultPoint.reach(.datagramsRead) }
        return count
    }

    /// Says that so many more datagrams of the batch are appended, refused or counted.
    package func finishDatagrams(_ count: Int) {
        markConsumed(batch: progress.batch, datagrams: progress.datagrams &+ UInt64(count))
    }

    /// Says that the whole batch is done.
    package func finishBatch() { markConsumed(batch: progress.batch &+ 1, datagrams: 0) }
}
