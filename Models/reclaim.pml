/* SPDX-License-Identifier: Apache-2.0 */
/* Space that goes back to the producer, a lease's holder who keeps it, and an observer who does not.
 *
 * The producer appends only while the oldest record is below the floor (RingProducer.fits), says what it is about to
 * overwrite (raiseIntent), fences, writes, publishes. The holder reads a record, then raises its floor. The observer
 * copies a record, then looks at the intent (RingObserver.copy). A killed producer's successor appends other records
 * under the sequences that were not published; the intent does not go back.
 *
 * Property: a holder reads each record whole and as published; an observer returns no other
 * Mutant WITHOUT_FLOOR: the producer does not look at the floor
 * Mutant FLOOR_BEFORE_READ: the holder raises its floor before it has read
 * Mutant WITHOUT_INTENT: the observer does not look at the intent
 * Mutant RELAXED_INTENT: what is written may become visible before the intent
 * Mutant INTENT_FALLS: a successor's intent is that of its own first record
 * Mutant RELAXED_HEAD: the head may become visible before the record
 */

#define RECORDS 4
#define CAPACITY 2

#define HEAD 0
#define INTENT 1
#define FLOOR 2
#define DESCRIPTOR(sequence) (3 + (sequence) % CAPACITY)
#define PAYLOAD(sequence) (5 + (sequence) % CAPACITY)
#define WORDS 7
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
bool killed, dead = true;

#define record(sequence) ((sequence) | (producers << 4))

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
        :: next < RECORDS && next - load(FLOOR) < CAPACITY ->
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

active proctype Holder() {
    byte floor, descriptor;
end:
    do
    :: floor < load(HEAD) ->
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
end:
    do
    :: atomic { dead -> dead = false; killed = false; producers++; run Producer() }
    :: atomic { !dead && !killed && !once -> once = true; killed = true }
    od
}
