// SPDX-License-Identifier: Apache-2.0

import LinuxIO

/// Where every word of the regions lies, in bytes from the region's start. docs/ring.md is its prose.
///
/// Swift promises no struct layout between two binaries, and two versions of belfryd will share this
/// memory, so nothing is mapped as a struct. What other modules inline is a computed constant, as they would
/// have to ask for a stored one each time.
///
/// Invariant: a number here never changes its meaning; what is new takes reserved bytes, and
/// `version` grows when that is not enough.
@usableFromInline
enum RingLayout {
    static let version: UInt32 = 1

    /// The header that R0, R1 and R2 begin with.
    enum Header {
        static let magic = 0  // u64, "BELFRY" + kind in ASCII
        static let version = 8  // u32
        static let logID = 16  // u64
        static let created = 24  // u64, ns since 1970
        static let descriptorCount = 32  // u64
        static let arenaSize = 40  // u64
        static let slots = 48  // u32
        static let shards = 52  // u32
        static let tableEntries = 56  // u32
        static let senders = 60  // u32
        static let size = 64  // u64, of the whole region
    }

    /// R0, written by the supervisor.
    enum Control {
        static let epoch = 128  // u64, grows with each recovery of the producer
        static let grantsVersion = 136  // u64
        static let question = 144  // u64, the watchdog's
        static let generation = 152  // u64
        static let slotsVersion = 160  // u64
        static let slotsFreed = 168  // u64, how many since the ring was made
        static let slots = 4_096
        static let slotStride = 256
        static let grants = slots + RingGeometry.slots * slotStride
        static let size = grants + RingGeometry.slots * RingGeometry.shardsPerSlot * 8
    }

    /// One service slot of R0.
    enum Slot {
        static let state = 0  // u32
        static let order = 4  // u32
        static let incarnation = 8  // u64
        static let since = 16  // u64
        static let retiringAt = 24  // u64
        static let shards = 32  // u32
        // 36 to 47: reserved.
        static let tableStart = 48  // u32
        static let tableCapacity = 52  // u32, per shard
        static let nameLength = 56  // u32
        static let name = 64  // 128 bytes
        static let nameLimit = 128
        static let matchedBefore = 200  // u64
        static let stamp = 192  // u64, odd while the slot is being changed
        // Outside of the stamp: each is a word of its own, 0 for each new incarnation.
        static let paused = 208  // u64: why nothing is to be handed out, by the bits below
        static let pausedBit: UInt64 = 1  // an operator wants it so
        static let heldBackBit: UInt64 = 2  // an older slot of the service is not free yet
        static let retryAsked = 216  // u64, grows with each request to try again at once
        static let restartAsked = 224  // u64, grows with each request to have new processes
    }

    /// R1, written by the acceptor.
    @usableFromInline enum Log {
        static let head = 4_096  // u64: next sequence << 1 | which totals
        static let intentSequence = 4_224  // u64
        static let intentOffset = 4_232  // u64
        static let sendersApplied = 4_352  // u64
        static let first = 4_480  // u64, the first sequence of this memory: what lies before it is not in it
        // 4,488 to 4,495: reserved.
        static let batch = 4_608  // u64: which receive batch the array holds
        static let totals = 8_192  // two copies
        static let totalsStride = 2_048
        static let senders = 16_384
        static let senderStride = 32
        static let datagrams = senders + RingGeometry.senders * senderStride

        static let datagramEntries = 64
        static let descriptors = datagrams + page(DatagramArray.byteCount(entries: datagramEntries))
        @inlinable static var descriptorStride: Int { 64 }

        static func arena(_ geometry: RingGeometry) -> Int {
            descriptors + page(Int(geometry.descriptorCount) * descriptorStride)
        }
        static func size(_ geometry: RingGeometry) -> Int { arena(geometry) + Int(geometry.arenaSize) }
    }

    /// One descriptor of R1.
    @usableFromInline enum Descriptor {
        @inlinable static var offset: Int { 0 }  // u64, virtual
        @inlinable static var mask: Int { 8 }  // u64
        @inlinable static var time: Int { 16 }  // u64, ns since 1970
        @inlinable static var bodyLength: Int { 24 }  // u32
        @inlinable static var topicLength: Int { 28 }  // u16
        @inlinable static var sourceLength: Int { 30 }  // u16
        @inlinable static var decodedLength: Int { 32 }  // u32
        @inlinable static var epoch: Int { 36 }  // u32
        @inlinable static var sourceHash: Int { 40 }  // u32
        @inlinable static var topicHash: Int { 44 }  // u32
        @inlinable static var wireProtocol: Int { 48 }  // u8
        @inlinable static var decodedKind: Int { 49 }  // u8
        @inlinable static var flags: Int { 50 }  // u8, bit 0: the payload ends with the id of another record
        @inlinable static var sender: Int { 52 }  // u32, index + 1 in the sender table, 0 for none
        @inlinable static var number: Int { 56 }  // u64, the sender's
    }

    /// R2, written by the workers.
    @usableFromInline enum Outcomes {
        static let shards = 4_096
        static let shardStride = 1_024
        static let tables = shards + RingGeometry.slots * RingGeometry.shardsPerSlot * shardStride
        @inlinable static var entryStride: Int { 32 }
        static let planes = tables + RingGeometry.tableEntries * entryStride

        /// Bytes of one slot's outcome words: eight records to a word of eight bytes.
        static func planeStride(_ geometry: RingGeometry) -> Int { Int(geometry.descriptorCount) }
        static func size(_ geometry: RingGeometry) -> Int {
            planes + RingGeometry.slots * planeStride(geometry)
        }
    }

    /// One shard's block of R2.
    @usableFromInline enum Shard {
        @inlinable static var floor: Int { 0 }  // u64: sequence << 1 | which totals
        static let incarnation = 8  // u64
        static let letGo = 16  // u64, the grants version as of which its last holder had let go of it
        static let frozenTo = 24  // u64, nothing new is handed out below it until it is parked
        static let parkedFrom = 32  // u64, the next parked record is not below it
        static let parkedTo = 40  // u64, where the parked records end; not above parkedFrom: there are none
        static let parkedTime = 48  // u64, ns since 1970: of the oldest pending record below the floor, 0: not known
        // Two copies of: stamp, then one count for each outcome code 1…14, then the record below the floor that was
        // settled last.
        static let totals = 64
        static let totalsStride = 128
        static let statusStamp = 320  // u64
        static let state = 328  // u32
        static let running = 332  // u32
        static let until = 336  // u64, ns CLOCK_REALTIME
        static let launches = 344  // u64
        static let launchFailures = 352  // u64
        static let retried = 360  // u64
        static let reasonLength = 368  // u32
        static let reason = 376
        static let reasonLimit = 248
        static let retryApplied = 624  // u64, the retryAsked that was last obeyed
        static let restart = 632  // u64: the restartAsked that was answered last << 2 | what came of it (ShardRestart)
        @inlinable static var launchTimes: Int { 640 }  // 48 u32, counts by duration
        @inlinable static var runTimes: Int { 832 }  // 48 u32
    }

    /// One entry of a shard's in-flight table in R2.
    @usableFromInline enum Entry {
        @inlinable static var sequence: Int { 0 }  // u64, 0 = free
        @inlinable static var progress: Int { 8 }  // u64: attempt | state << 32
        @inlinable static var notBefore: Int { 16 }  // u64, ns CLOCK_MONOTONIC
        @inlinable static var firstFailed: Int { 24 }  // u64, ns since 1970
    }

    /// R4, one page per process.
    enum Page {
        static let answered = 64  // u64
        static let sleeping = 128  // u64
        static let interest = 136  // u64
        static let grantsApplied = 192  // u64
        static let settingsApplied = 200  // u64
        static let appliedHead = 208  // u64, the acceptor's
        static let waiting = 256  // u64
        static let tight = 264  // u64, the acceptor's: 1 while more than half of the ring is held
        static let committed = 320  // u64, the committer's, as the next two
        static let freeze = 384  // u64: sequence << 1 | whether it holds
        static let spilled = 392  // u64
        static let presence = 448  // u64, the committer's: how often one has come or gone, odd while one serves
        static let counters = 512  // u64 each
        static let counterLimit = 64
        static let failures = 1_024
        static let failureStride = 192
        static let failureLimit = 16
        static let size = 4_096
    }

    /// One failure of a page.
    enum Failure {
        static let stamp = 0  // u64, odd while the entry is being written, 0: never written
        static let time = 8  // u64, ns since 1970
        static let incarnation = 16  // u64
        static let slot = 24  // u32
        static let wordsLength = 28  // u32
        static let count = 32  // u64
        static let words = 40
        static let wordsLimit = 152
    }

    static func page(_ count: Int) -> Int { (count + 4_095) & ~4_095 }
}
