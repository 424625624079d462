/* SPDX-License-Identifier: Apache-2.0 */
/* A service's slot that gives way to another one while records come in and acceptors are killed.
 *
 * The supervisor fills the new slot with a `since` that holds space back, then makes the new settings the ones that an
 * acceptor starts with, and tells the living one. At a batch boundary the acceptor looks at the slots again, writes down
 * where it stands (applied head, then applied) and only then routes to the new slot. The supervisor takes that place for
 * the old slot's end and the new slot's `since`, and has the new slot hand out once nothing of the old one is left (a
 * service with an order). A killed acceptor's successor starts with the new settings and keeps to what it finds written down.
 *
 * Property: each record is delivered once, whole and in order, by the old slot before the boundary and the new one from it on
 * Mutant WITHOUT_HOLD: the new slot is filled only behind the boundary
 * Mutant STALE_FLOORS: the acceptor goes on with the floors that it knew
 * Mutant ROUTE_FIRST: the acceptor writes down where it stands behind its first record for the new slot
 * Mutant RELAXED_APPLIED: what says that the place is written down may become visible before the place
 * Mutant SUCCESSOR_FORGETS: a successor writes down where it stands itself, whatever it finds
 * Mutant GRANT_EARLY: the new slot is granted while the old one still has something
 */

#define RECORDS 5
#define CAPACITY 2

#define HEAD 0
#define OLD_FLOOR 1
#define NEW_FLOOR 2
#define INSTALLED 3
#define APPLIED_HEAD 4
#define APPLIED 5
#define DESCRIPTOR(sequence) (6 + (sequence) % CAPACITY)
#define WORDS 8
#include "memory.pml"

#define WRITTEN (bit(DESCRIPTOR(0)) | bit(DESCRIPTOR(1)))
#define ACCEPTORS (bit(HEAD) | bit(APPLIED_HEAD) | bit(APPLIED) | WRITTEN)

/* A record as its descriptor has it: whose it is, and which. */
#define record(sequence, isNew) ((sequence) << 1 | (isNew))

bool isNewest;               /* the new settings are those that an acceptor starts with */
bool told;                   /* a message on the living acceptor's channel */
bool granted;
bool killed, dead = true;
byte delivered;              /* records that came to a service, in order */

inline lowest() {
    low = load(OLD_FLOOR);
    if
    :: load(INSTALLED) == 1 -> low = (load(NEW_FLOOR) < low -> load(NEW_FLOOR) : low)
    :: else
    fi
}

inline writeDown() {
    store(APPLIED_HEAD, next);
#ifdef RELAXED_APPLIED
    store(APPLIED, 1)
#else
    storeRelease(APPLIED, 1, ACCEPTORS)
#endif
}

proctype Acceptor(bool isNew) {
    byte next, low;
    bool isWritten;
    {
        next = load(HEAD);
        lowest();
#ifdef SUCCESSOR_FORGETS
        isWritten = false;
#else
        isWritten = (load(APPLIED) == 1);
#endif
        do
        /* Settings, where nothing is appended that is not published. */
        :: next == loadOwn(HEAD) && told && !isNew -> told = false; isNew = true
        :: isNew && !isWritten && next == loadOwn(HEAD) ->
#ifndef STALE_FLOORS
            lowest();
#endif
#ifndef ROUTE_FIRST
            writeDown();
#endif
            isWritten = true
        :: next < RECORDS && next - low < CAPACITY && (!isNew || isWritten) ->
            store(DESCRIPTOR(next), record(next, isNew));
            next++
        :: next < RECORDS && next - low >= CAPACITY -> lowest()
        :: next > loadOwn(HEAD) ->
            storeRelease(HEAD, next, ACCEPTORS);
#ifdef ROUTE_FIRST
            if
            :: isNew && load(APPLIED) == 0 && loadOwn(APPLIED) == 0 -> writeDown()
            :: else
            fi
#endif
        :: next == RECORDS && loadOwn(HEAD) == RECORDS && (isNew && isWritten) -> break
        od;
end:    false
    } unless { killed -> drained(ACCEPTORS); dead = true }
}

/* Starts acceptors, the first one included, and kills one at any moment. */
active proctype Fate() {
    atomic { dead = false; run Acceptor(isNewest) }
    if
    :: true ->
        killed = true;
        dead;
        atomic { killed = false; dead = false; told = false; run Acceptor(isNewest) }
    :: true
    fi
}

active proctype Supervisor() {
    byte boundary;
#ifndef WITHOUT_HOLD
    boundary = load(HEAD);
    store(NEW_FLOOR, boundary);
    storeRelease(INSTALLED, 1, bit(NEW_FLOOR) | bit(INSTALLED));
    drained(bit(NEW_FLOOR) | bit(INSTALLED));
#endif
    atomic { isNewest = true; told = true }
    (load(APPLIED) == 1);
    boundary = load(APPLIED_HEAD);
    store(NEW_FLOOR, boundary);
#ifdef WITHOUT_HOLD
    storeRelease(INSTALLED, 1, bit(NEW_FLOOR) | bit(INSTALLED));
#endif
    drained(bit(NEW_FLOOR) | bit(INSTALLED));
#ifndef GRANT_EARLY
    (load(OLD_FLOOR) >= boundary);
#endif
    granted = true
}

inline serve(mark, isMine) {
    do
    :: floor < load(HEAD) ->
        descriptor = load(DESCRIPTOR(floor));
        if
        :: (descriptor & 1) == isMine ->
            assert(descriptor >> 1 == floor);
            assert(delivered == floor);
            delivered++
        :: else
        fi;
        floor++;
        storeRelease(mark, floor, bit(mark))
    :: delivered == RECORDS -> break
    od
}

active proctype Old() {
    byte floor, descriptor;
    serve(OLD_FLOOR, 0)
}

active proctype New() {
    byte floor, descriptor;
    granted;
    floor = load(NEW_FLOOR);
    serve(NEW_FLOOR, 1)
}
