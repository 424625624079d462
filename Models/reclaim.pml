/* SPDX-License-Identifier: Apache-2.0 */
/* Space that goes back to the producer, a committer and a lease's holder who keep it, and an observer who does not.
 *
 * The producer appends only while the oldest record is below the floor, or below the head if there is no service, and
 * committed (RingProducer.refreshTail), says what it is about to overwrite (raiseIntent), fences, writes, publishes. The
 * committer copies a record to the disk, syncs, and says that it is committed (CommitterPage.commit); in memory mode all
 * of them are. The holder reads what is committed (RingWorker.head), then raises its floor. The observer
 * copies a record, then looks at the intent (RingObserver.copy). A killed producer's successor appends other records
 * under the sequences that were not published; the intent does not go back.
 *
 * Property: committer and holder read each record whole and as published, the holder none that is not on the disk; an observer returns no other
 * Mutant WITHOUT_FLOOR: the producer does not look at the floor
 * Mutant FLOOR_BEFORE_READ: the holder raises its floor before it has read
 * Mutant WITHOUT_INTENT: the observer does not look at the intent
 * Mutant RELAXED_INTENT: what is written may become visible before the intent
 * Mutant INTENT_FALLS: a successor's intent is that of its own first record
 * Mutant RELAXED_HEAD: the head may become visible before the record
 * Mutant UNCOMMITTED_OVERWRITTEN: the producer looks at the floors alone
 * Mutant UNCOMMITTED_READ: the holder reads up to the head
 * Mutant COMMITTED_BEFORE_SYNC: a record is said to be committed before it is on the disk
 */

#define RECORDS 4
#define CAPACITY 2

#define HEAD 0
#define INTENT 1
#define FLOOR 2
#define DESCRIPTOR(sequence) (3 + (sequence) % CAPACITY)
#define PAYLOAD(sequence) (5 + (sequence) % CAPACITY)
#define COMMITTED 7
#define WORDS 8
#include "memory.pml"

#define WRITTEN (bit(DESCRIPTOR(0)) | bit(DESCRIPTOR(1)) | bit(PAYLOAD(0)) | bit(PAYLOAD(1)))
#define PRODUCERS (bit(HEAD) | bit(INTENT) | WRITTEN)
#ifdef RELAXED_INTENT
#define FENCED 0
#else
#define FENCED (bit(HEAD) | bit(INTENT))
#endif

byte published[RECORDS + 1];  /* the record that was published under each sequence: that and its producer */
byte producers;
byte disk[RECORDS + 1];       /* what lies on the disk under each sequence */
bool killed, dead = true;
bool hasService;

#define record(sequence) ((sequence) | (producers << 4))
#define lowestFloor (hasService -> load(FLOOR) : loadOwn(HEAD))
#ifdef UNCOMMITTED_OVERWRITTEN
#define tail lowestFloor
#else
#define tail (lowestFloor < load(COMMITTED) -> lowestFloor : load(COMMITTED))
#endif

proctype Producer() {
    byte next, intent;
    {
        next = load(HEAD);
#ifndef INTENT_FALLS
        intent = load(INTENT);
#endif
        do
#ifdef WITHOUT_FLOOR
        :: next < RECORDS ->
#else
        :: next < RECORDS && next - tail < CAPACITY ->
#endif
            intent = (next + 1 > intent -> next + 1 : intent);
            store(INTENT, intent);
            storeBehind(DESCRIPTOR(next), record(next), FENCED);
            storeBehind(PAYLOAD(next), record(next), FENCED);
            next++
        :: next > loadOwn(HEAD) ->
            atomic {
                drained(bit(HEAD));
                published[loadOwn(HEAD)] = record(loadOwn(HEAD));
                if
                :: loadOwn(HEAD) + 1 < next -> published[loadOwn(HEAD) + 1] = record(loadOwn(HEAD) + 1)
                :: else
                fi;
#ifdef RELAXED_HEAD
                store(HEAD, next)
#else
                storeRelease(HEAD, next, PRODUCERS)
#endif
            }
        :: next == RECORDS && loadOwn(HEAD) == RECORDS -> break
        od;
end:    false
    } unless { killed -> drained(PRODUCERS); dead = true }
}

active proctype Committer() {
    byte at, descriptor;
end:
    do
    :: at < load(HEAD) ->
        descriptor = load(DESCRIPTOR(at));
        assert(descriptor == published[at]);
        assert(load(PAYLOAD(at)) == published[at]);
#ifdef COMMITTED_BEFORE_SYNC
        storeRelease(COMMITTED, at + 1, bit(COMMITTED));
#endif
        disk[at] = published[at];
        at++;
#ifndef COMMITTED_BEFORE_SYNC
        storeRelease(COMMITTED, at, bit(COMMITTED))
#endif
    od
}

active proctype Holder() {
    byte floor, descriptor;
end:
    do
#ifdef UNCOMMITTED_READ
    :: hasService && floor < load(HEAD) ->
#else
    :: hasService && floor < load(HEAD) && floor < load(COMMITTED) ->
#endif
        assert(disk[floor] == published[floor]);
#ifdef FLOOR_BEFORE_READ
        storeRelease(FLOOR, floor + 1, bit(FLOOR));
#endif
        descriptor = load(DESCRIPTOR(floor));
        assert(descriptor == published[floor]);
        assert(load(PAYLOAD(floor)) == published[floor]);
        floor++;
#ifndef FLOOR_BEFORE_READ
        storeRelease(FLOOR, floor, bit(FLOOR))
#endif
    od
}

active proctype Observer() {
    byte next, descriptor, payload;
end:
    do
    :: next < load(HEAD) ->
        descriptor = load(DESCRIPTOR(next));
        payload = load(PAYLOAD(next));
        if
#ifdef WITHOUT_INTENT
        :: true ->
#else
        :: load(INTENT) <= next + CAPACITY ->
#endif
            assert(descriptor == published[next] && payload == published[next])
#ifndef WITHOUT_INTENT
        :: else
#endif
        fi;
        next++
    od
}

active proctype Supervisor() {
    bool once;
    if
    :: hasService = true
    :: skip
    fi;
end:
    do
    :: atomic { dead -> dead = false; killed = false; producers++; run Producer() }
    :: atomic { !dead && !killed && !once -> once = true; killed = true }
    od
}
