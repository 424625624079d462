// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// The committer's page (R4): how far records are durable, up to where the shards are asked to hold still, and up to
/// where what is wanted lies in parked segments.
///
/// The supervisor makes it before it starts any role, and a new committer goes on with its predecessor's. Acceptor,
/// workers and supervisor map it read-only.
///
/// Invariant: each of the three only rises, whatever dies.
package struct CommitterPage: ~Copyable {
    /// The handshakes: its owner sleeps until records are published, and waits until shards move.
    package let page: ProcessPage
    let words: CommitterWords

    package init(_ memory: consuming MappedMemory) throws(RegionError) {
        page = try ProcessPage(memory)
        words = CommitterWords(words: page.words)
    }

    /// Records below it are durable, or need not be (`.max`, in memory mode).
    package var committed: UInt64 { words.committed }
    package var freeze: Freeze { words.freeze }
    /// Records below it are in parked segments, or wanted by nobody.
    package var spilled: UInt64 { words.spilled }

    // MARK: presence, see docs/ring.md "Wake-up"

    /// A committer serves from here on: it looks at the ring by itself. The page may still say so of one that was killed.
    package func arrive() {
        words.words.release(words.presence | 1, RingLayout.Page.presence)  // pairs with the acquire in presence
    }

    /// Nobody looks from here on: who finds the ring tight has to ask for a committer. The caller must look at it once
    /// more, as whoever did so before has not asked.
    package func leave() {
        words.words.release(words.presence &+ 1, RingLayout.Page.presence)  // pairs with the acquire in presence
        SharedWords.fence()  // pairs with the fence in RingProducer.committerPresence
    }

    // MARK: how far it has got

    package func commit(to sequence: UInt64) {
        // Release: pairs with the acquire in CommitterWords.committed; behind the sync of what it tells of.
        words.words.release(sequence, RingLayout.Page.committed)
    }

    /// Asks every shard whose floor is below `target` to hand out nothing new below it. Every bell is to be rung then.
    package func freeze(to target: UInt64) {
        // Else the answer to the last request could be taken for one to this.
        precondition(target > freeze.target, "a freeze that does not go beyond the last one")
        // Release: pairs with the acquire in CommitterWords.freeze.
        words.words.release(target << 1 | 1, RingLayout.Page.freeze)
    }

    /// Gives up: the segment could not be written. Every bell is to be rung then. Not behind `spill`.
    package func thaw() {
        // Release: pairs with the acquire in CommitterWords.freeze.
        words.words.release(freeze.target << 1, RingLayout.Page.freeze)
    }

    /// What the shards want of the records below `target` can be read from parked segments. Every bell is to be rung.
    package func spill(to target: UInt64) {
        // Release: pairs with the acquire in CommitterWords.spilled, behind which segments are read.
        words.words.release(target, RingLayout.Page.spilled)
    }
}

/// The freeze word.
package struct Freeze: Equatable, Sendable {
    let raw: UInt64
    /// Below it nothing new is to be handed out; as it was last.
    package var target: UInt64 { raw >> 1 }
    /// false: the committer has given up, and everybody may go on.
    package var holds: Bool { raw & 1 != 0 }
}

/// The page in the hands of those who only look, if there is one.
struct CommitterView: ~Copyable {
    private let page: CommitterPage?
    let words: CommitterWords?

    init(_ page: consuming CommitterPage?) {
        switch consume page {
        case .some(let page):
            words = page.words
            self.page = consume page
        case .none:
            words = nil
            self.page = nil
        }
    }
}

/// The page's words for those who only look; they hold the page, too.
struct CommitterWords {
    let words: SharedWords

    // Acquire: pairs with the release in CommitterPage.commit.
    @inline(__always) var committed: UInt64 { words.acquire(RingLayout.Page.committed) }
    // Acquire: pairs with the release in CommitterPage.freeze and thaw. To be read before `spilled`: whoever sees that a
    // later freeze was given up must see what was spilled before it.
    var freeze: Freeze { Freeze(raw: words.acquire(RingLayout.Page.freeze)) }
    // Acquire: pairs with the release in CommitterPage.spill.
    var spilled: UInt64 { words.acquire(RingLayout.Page.spilled) }
    var presence: UInt64 { words.acquire(RingLayout.Page.presence) }  // pairs with the releases in arrive and leave
    // The committer's halves of the handshakes, as in ProcessPage: behind a sequentially consistent fence.
    var isSleeping: Bool { words.acquire(RingLayout.Page.sleeping) != 0 }  // pairs with the release in announceSleep
    /// 0: no bell need tell that the ring is tight. Relaxed: behind the acquire of `isSleeping`.
    var interest: UInt64 { words.relaxed(RingLayout.Page.interest) }
    var isWaiting: Bool { words.acquire(RingLayout.Page.waiting) != 0 }  // pairs with the release in announceWaiting
}
