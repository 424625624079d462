// SPDX-License-Identifier: Apache-2.0

/// What the producer has to do with the disk: how far the committer has got, when it is to be woken, and what a replay
/// of a dead letter carries with it.
///
/// Used by the acceptor. Without a committer's page, or in memory mode, everything published counts as committed.
///
/// Invariant: nothing at or above `committed` is overwritten, and no sender is told of it.
extension RingProducer {
    /// Records below it are accepted: their senders may be told.
    // Acquire: pairs with the release in CommitterPage.commit.
    package var committed: UInt64 { min(committer.words?.committed ?? .max, published) }

    /// Whether the committer sleeps though there is something to be committed, or to be spilled and it wants to be told: to
    /// be asked behind `publish`, and behind the word in the acceptor's page that the ring is tight; if so, ring its bell.
    package func committerSleeps(isTight: Bool = false) -> Bool {
        guard let words = committer.words else { return false }
        let isBehind = words.committed < published
        guard isBehind || isTight else { return false }
        SharedWords.fence()  // pairs with the fence in ProcessPage.announceSleep
        return words.isSleeping && (isBehind || words.interest != 0)
    }

    /// How often a committer has come or gone, odd while one serves: to be asked behind the word in the acceptor's page
    /// that the ring is tight.
    package func committerPresence() -> UInt64 {
        SharedWords.fence()  // pairs with the fence in CommitterPage.leave
        return committer.words?.presence ?? 0
    }

    /// Appends a replay: what was kept of the original, for the slot of one service.
    package func append(
        _ meta: borrowing RecordMeta, replaying original: OriginalID, topic: Span<UInt8>, source: Span<UInt8>,
        decoded: Span<UInt8>, body: Span<UInt8>
    ) -> AppendResult {
        var meta = copy meta
        meta.isReplayed = true
        var payload = [UInt8]()
        payload.reserveCapacity(body.count + OriginalID.byteCount)
        for index in body.indices { payload.append(body[index]) }
        payload += original.bytes
        let result = append(meta, topic: topic, source: source, decoded: decoded, body: payload.span)
        if case .appended = result { add(1, to: IntakeTotals.Word.replayed) }
        return result
    }
}
