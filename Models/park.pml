/* SPDX-License-Identifier: Apache-2.0 */
/* Parking: one shard lets go of the ring for the committer, and its holder is killed twice at any step.
 *
 * The committer asks for a hold (CommitterPage.freeze), waits for the answer, looks at the table and then at the codes
 * (SpillLook), and says what it has stored (spill); or it gives up once (thaw) and asks again, higher. The holder answers
 * (ShardLease.freeze), parks (park), takes parked records (InFlightTable.take, advanceParked), settles above and below the
 * floor, and raises the floor. Its successor mends what it finds half done (recoverParking). Each step is one store: both
 * sides' words are released and acquired, lease.pml and wakeup.pml look into that.
 *
 * Property: each record gets one outcome, the totals count each once, and at the end none is missing
 * Mutant CODES_BEFORE_TABLE: the committer reads the codes before the table
 * Mutant WITHOUT_FREEZE: the holder goes on handing out after its answer
 * Mutant TURN_BEFORE_FREEING: a successor turns the floor before it frees what the plane says is settled
 * Mutant WITHOUT_LAST: a successor does not look at the record that was settled last
 * Mutant WITHOUT_TAKEN: a successor does not move parkedFrom behind what was taken
 * Mutant DELIVER_BEFORE_ADVANCE: a parked record is handed out before parkedFrom is moved
 * Mutant SAME_TARGET: a freeze after one that was given up asks for the same target
 */

#define RECORDS 3
#define NOBODY 7
#define KILLS 2

byte floor, total, last = NOBODY; /* one word and what is published with it */
byte parkedFrom, parkedTo, frozenTo;
byte entry[RECORDS];              /* 0 free, 1 in flight, 3 taken */
bool code[RECORDS];
byte freeze, spilled;
bool holds;
bool stored[RECORDS];             /* the slot's bit in the segment */

bool killed, dead = true;
byte settled[RECORDS];            /* what the property is told by */

inline turnTo(target) {
    atomic {
        step = floor;
        do
        :: step < target -> if :: code[step] -> total++ :: else fi; step++
        :: else -> break
        od;
        step = 0;
        floor = target
    }
}

inline keep(r) {
    atomic {
        if
        :: entry[r] && r >= floor && code[r] -> entry[r] = 0
#ifndef WITHOUT_LAST
        :: entry[r] && r < floor && last == r -> entry[r] = 0
#endif
        :: else
        fi
    }
}

inline keepAll() { keep(0); keep(1); keep(2) }

inline pass(r) {
    atomic {
        if
        :: entry[r] == 3 && r < parkedTo && parkedFrom <= r -> parkedFrom = r + 1
        :: else
        fi
    }
}

inline recover() {
#ifdef TURN_BEFORE_FREEING
    if :: parkedTo > floor -> turnTo(parkedTo) :: else fi;
    keepAll();
#else
    keepAll();
#endif
#ifndef WITHOUT_TAKEN
    pass(0); pass(1); pass(2);
#endif
    if :: parkedTo > floor -> turnTo(parkedTo) :: else fi
}

#define waits(r) (r >= floor && r < goal && !code[r] && entry[r] == 0)

inline park() {
    atomic {
        goal = spilled;
        if
        :: waits(0) -> first = 0
        :: !waits(0) && waits(1) -> first = 1
        :: !waits(0) && !waits(1) && waits(2) -> first = 2
        :: else -> first = NOBODY
        fi
    }
    if
    :: first != NOBODY ->
        if :: parkedFrom >= parkedTo -> parkedFrom = first :: else fi;
        parkedTo = goal
    :: else
    fi;
    turnTo(goal);
    atomic { first = 0; goal = 0 }
}

#define hasParked (parkedFrom < parkedTo)
#ifdef WITHOUT_FREEZE
#define isFrozen (floor < spilled)
#else
#define isFrozen (floor < spilled || (seenHolds && floor < seenFreeze))
#endif

/* One round: what is asked is looked at once, and then acted upon. */
inline look() {
    atomic { seenFreeze = freeze; seenHolds = holds }
    if
    :: floor < spilled -> park()
    :: else
    fi;
    if
    :: seenHolds && floor < seenFreeze && frozenTo < seenFreeze -> frozenTo = seenFreeze
    :: else
    fi
}

#define waitsInRing(r) (r >= floor && !code[r] && entry[r] == 0)
inline handOut(r) { !isFrozen && !hasParked && waitsInRing(r) -> entry[r] = 1 }

inline settle(r) {
    if
    :: r >= floor -> atomic { code[r] = true; settled[r]++; assert(settled[r] == 1) }
    :: else -> atomic { total++; last = r; settled[r]++; assert(settled[r] == 1) }
    fi;
    entry[r] = 0
}

inline takeParked() {
    if
    :: atomic { stored[parkedFrom] && entry[parkedFrom] == 0 -> first = parkedFrom; entry[first] = 3 };
#ifdef DELIVER_BEFORE_ADVANCE
        entry[first] = 1;
#endif
        parkedFrom = first + 1;
        entry[first] = 1
    :: else -> parkedFrom++
    fi;
    first = 0
}

/* What a predecessor left is handed out again before anything new. */
#define again(r) (entry[r] == 3)

proctype Holder() {
    byte step, first, goal, seenFreeze;
    bool seenHolds;
    {
        recover();
        look();
        do
        :: look()
        :: handOut(0)
        :: handOut(1)
        :: handOut(2)
        :: hasParked && floor >= spilled -> takeParked()
        :: again(0) -> entry[0] = 1
        :: again(1) -> entry[1] = 1
        :: again(2) -> entry[2] = 1
        :: entry[0] == 1 -> settle(0)
        :: entry[1] == 1 -> settle(1)
        :: entry[2] == 1 -> settle(2)
        :: atomic { floor < RECORDS && code[floor] && entry[floor] == 0 -> total++; floor++ }
        :: floor == RECORDS && !hasParked && !entry[0] && !entry[1] && !entry[2] && floor >= spilled -> break
        od;
end:    false
    } unless { killed -> dead = true }
}

inline readTable() { atomic { inTable[0] = entry[0]; inTable[1] = entry[1]; inTable[2] = entry[2] } }
inline readCodes() { atomic { is[0] = code[0]; is[1] = code[1]; is[2] = code[2] } }

inline spillTo(target) {
    byte inTable[RECORDS], lowest;
    bool is[RECORDS];
    (floor >= target || frozenTo >= target);
    lowest = floor;
#ifdef CODES_BEFORE_TABLE
    readCodes(); readTable();
#else
    readTable(); readCodes();
#endif
    atomic {
        if :: 0 >= lowest && 0 < target && !is[0] && !inTable[0] -> stored[0] = true :: else fi;
        if :: 1 >= lowest && 1 < target && !is[1] && !inTable[1] -> stored[1] = true :: else fi;
        if :: 2 >= lowest && 2 < target && !is[2] && !inTable[2] -> stored[2] = true :: else fi
    }
    spilled = target
}

active proctype Committer() {
    if
    :: atomic { freeze = 2; holds = true };
        holds = false;
#ifdef SAME_TARGET
        holds = true;
        spillTo(2)
#else
        atomic { freeze = 3; holds = true };
        spillTo(3)
#endif
    :: atomic { freeze = 2; holds = true };
        spillTo(2)
    :: skip
    fi
}

active proctype Supervisor() {
    byte kills;
end:
    do
    :: atomic { dead -> dead = false; killed = false; run Holder() }
    :: atomic { !dead && !killed && kills < KILLS -> killed = true; kills++ }
    od
}

active proctype Judge() {
    timeout ->
    assert(settled[0] == 1 && settled[1] == 1 && settled[2] == 1);
    assert(floor == RECORDS && total == RECORDS)
}
