// SPDX-License-Identifier: Apache-2.0
/// What a committer's round does to disk and page: committing, spilling, checkpoints, deletion.
///
/// Part of Committer, which asks CommitPlan first.
/// Invariant: an error changes nothing but when the same is tried again; what was begun is void.

import LinuxIO
import Ring
import Segments

extension Committer {
    // MARK: the log

    func commit(to head: UInt64) {
        guard let log else { return }
        do throws(SegmentFault) {
            let written = try log.commit(reader, from: page.committed, to: head)
            unheard.records += written.end - page.committed
            unheard.bytes += written.bytes
            FaultPoint.reach(.logWritten)
            page.commit(to: written.end)
            FaultPoint.reach(.logCommitted)
            wake(written.mask)
            plan.committed()
            troubles.ends(.log)
        } catch {
            plan.failedToCommit(at: now(), isFull: error.isFull)
            troubles.begins(.log, error)
        }
    }

    private func wake(_ mask: UInt64) {
        let everyone =
            unheard.records >= reader.geometry.descriptorCount / 16
            || UInt64(unheard.bytes) >= reader.geometry.arenaSize / 16
        if everyone { unheard = (0, 0) }
        workers.wake(for: reader, mask: mask, everyone: everyone)
        if reader.acceptorAwaits() { acceptorBell.ring() }
    }

    // MARK: spilling

    func spill(_ step: CommitPlan.SpillStep) {
        switch step {
        case .none: break
        case .freeze(let target): freeze(to: target)
        case .thaw:
            thaw()
            plan.thawed(at: now())
        case .begin(let target): begin(to: target)
        case .write: write()
        case .confirm(let target): confirm(target)
        }
    }

    private func freeze(to target: UInt64) {
        do throws(SegmentFault) {
            // A disk that is full is to be found out before anybody holds still for nothing.
            try spiller.prepare(at: max(spilled, reader.tail()))
        } catch {
            plan.failedToSpill(at: now(), isFull: error.isFull)
            return begins(.parked, error)
        }
        page.freeze(to: target)
        FaultPoint.reach(.freezeAsked)
        workers.ringAll()
        plan.froze(to: target, at: now())
    }

    private func thaw() {
        spiller.abandon()
        let freeze = page.freeze
        guard freeze.holds, freeze.target > page.spilled else { return }
        page.thaw()
        workers.ringAll()
    }

    private func begin(to target: UInt64) {
        // Slots that are just being changed can be read in a moment.
        guard let look = try? SpillLook(reader) else { return plan.postponeSpill(at: now()) }
        spiller.begin(look, from: min(max(spilled, reader.tail()), target), to: target)
        plan.began(to: target)
    }

    private func write() {
        guard case .writing(let target) = plan.phase else { return }
        do throws(SegmentFault) {
            guard try spiller.write(reader) else { return }
            FaultPoint.reach(.spillWritten)
            plan.wrote(to: target)
        } catch { fail(toSpill: error) }
    }

    /// The checkpoint makes it count: a death before it leaves all in the ring, one behind it is made good by the shards.
    private func confirm(_ target: UInt64) {
        let begun = now()
        guard
            let (checkpoint, slots) = taker.take(
                spilled: target, committed: page.committed, isClean: plan.isEnding)
        else { return plan.postponeCheckpoint(at: begun) }
        do throws(SegmentFault) {
            try checkpoints.write(checkpoint)
        } catch {
            plan.failedToCheckpoint(at: now(), isFull: error.isFull)
            return fail(toSpill: error)
        }
        // The last one goes into the older file's place, too: nothing must be lost with one file. It counts as it is.
        if plan.isEnding { try? checkpoints.write(checkpoint) }
        FaultPoint.reach(.spillCheckpointed)
        page.spill(to: target)
        FaultPoint.reach(.spillTold)
        workers.ringAll()
        plan.spilled()
        troubles.ends(.parked)
        wrote(checkpoint, slots, begun)
    }

    private func fail(toSpill error: SegmentFault) {
        thaw()
        plan.failedToSpill(at: now(), isFull: error.isFull)
        begins(.parked, error)
    }

    // MARK: checkpoints

    /// Writes a checkpoint if it would say anything new.
    func lookForChanges() {
        let begun = now()
        guard let (checkpoint, slots) = taker.take(spilled: spilled, committed: page.committed) else {
            return plan.postponeCheckpoint(at: begun)
        }
        if !plan.checkpoints.isOwed, slots == plan.checkpoints.slots, !letsFilesGo,
            last.map({ checkpoint.says(the: $0) }) ?? false
        {
            return plan.foundNothing(
                at: begun, isSettled: checkpoint.isSettled, hasParked: hasParked(checkpoint))
        }
        do throws(SegmentFault) {
            try checkpoints.write(checkpoint)
            FaultPoint.reach(.checkpointWritten)
            wrote(checkpoint, slots, begun)
        } catch {
            plan.failedToCheckpoint(at: now(), isFull: error.isFull)
            begins(.checkpoint, error)
            if plan.isSpillHeldUp { begins(.parked, error) }
        }
    }

    private func wrote(_ checkpoint: Checkpoint, _ slots: UInt64, _ begun: UInt64) {
        if plan.checkpoints.slots != slots {
            log?.tell(checkpoint.slots)
            spiller.tell(checkpoint.slots)
        }
        troubles.ends(.checkpoint)
        removeFiles(behind: checkpoint)
        let now = now()
        // Files that only wait for the next checkpoint are something new.
        plan.checkpointed(
            slots: slots, at: now, cost: now - begun, isSettled: checkpoint.isSettled && !letsFilesGo,
            hasParked: hasParked(checkpoint))
    }

    /// What the log keeps for its next files is worth less than what has no room now.
    private func begins(_ place: DiskTroubles.Place, _ error: SegmentFault) {
        if error.isFull { log?.giveBackRoom() }
        troubles.begins(place, error)
    }

    private func hasParked(_ checkpoint: Checkpoint) -> Bool { !checkpoint.hasNothingParked || spiller.hasFiles }

    // MARK: deletion

    /// Whether the last checkpoint would let files go that the one before it still needs.
    private var letsFilesGo: Bool {
        guard let last else { return false }
        return log?.hasFiles(below: last.logNeed) ?? false || spiller.hasFiles(below: last.parkedNeed)
    }

    /// Deletes what neither of the two checkpoints that there are now needs: the newer one may turn out to be damaged.
    private func removeFiles(behind checkpoint: Checkpoint) {
        let before = last
        last = checkpoint
        guard let before else { return }
        do throws(SegmentFault) {
            try log?.removeFiles(below: min(before.logNeed, checkpoint.logNeed))
            // A spill that is under way has written what no checkpoint tells of.
            guard plan.phase == .idle else { return }
            try spiller.removeFiles(below: min(before.parkedNeed, checkpoint.parkedNeed))
            FaultPoint.reach(.filesRemoved)
        } catch { troubles.begins(.checkpoint, error) }
    }
}
