/* SPDX-License-Identifier: Apache-2.0 */
/* Leases, outcomes and floors of one shard that passes from worker 0 to worker 1.
 *
 * The supervisor grants the shard (ControlWriter.grant, publishGrants) and takes it back by asking, which the worker
 * answers behind its last store (ProcessPage.applied, or ShardLease.letGo for this shard alone, which it also says when it
 * closes the shard to open it by another definition), or by SIGKILL, which is done when the pidfd says so. A kill
 * takes its time: until then the worker may go on, or lie stopped and be continued. The worker delivers
 * (InFlightTable.begin, settle, free) and raises the floor (ShardLease.raiseFloor). Each delivery
 * succeeds or fails; the second failure is the end.
 *
 * Property: one writer at a time; each record gets one outcome that stays; none runs twice at once, or again unless it failed or its holder was killed; no floor passes a pending record; a successor finds floor and attempts as they were
 * Mutant GRANT_BEFORE_DEATH: the shard is granted anew before the killed worker's death is seen
 * Mutant STOPPED_COUNTS_AS_DEAD: a worker that does not answer is not killed before the shard is granted anew
 * Mutant GRANT_BEFORE_ANSWER: the supervisor asks, but does not wait for the answer
 * Mutant ANSWER_WITH_DELIVERIES: the worker answers while its deliveries run
 * Mutant RELAXED_ANSWER: the answer may become visible before the floor
 * Mutant LET_GO_WITHOUT_VERSION: the shard's own answer does not tell as of which grants
 * Mutant WITHOUT_REAPING: services of a dead worker live on when its shard is granted anew
 * Mutant ATTEMPT_AFTER_DELIVERY: the attempt is recorded after the delivery has begun
 * Mutant FLOOR_BY_HAND_OUT: the floor follows what was handed out, not what has an outcome
 */

#define RECORDS 2
#define ATTEMPTS 2

#define FLOOR 0
#define ENTRY(record) (1 + (record))  /* the attempt that runs or ran; 0: free */
#define HOLDER 3
#define GRANTS 4
#define APPLIED 5
#define LET_GO 6
#define WORDS 7
#include "memory.pml"

#define SUPERVISORS (bit(HOLDER) | bit(GRANTS))
#define OWN (bit(FLOOR) | bit(ENTRY(0)) | bit(ENTRY(1)) | bit(APPLIED) | bit(LET_GO))

#define DELIVERED 1
#define DEAD 2
byte outcomes[RECORDS];

bool killPending, killed, dead;

/* What the properties are told by; no process of Belfry sees it. */
bool holds[2];            /* who acts as the holder, and lives */
byte running[RECORDS];    /* services at work on a record */
bool cut[RECORDS];        /* its holder was killed while it ran */
bool succeeded[RECORDS];
byte begun[RECORDS], raised;

#define alone(worker) assert(!holds[1 - (worker)])

/* OutcomePlane.set, as one step: outcome.pml looks into it. Release: what was stored before is there before it. */
inline settle(record, outcome, mine) {
    atomic {
        drained(mine);
        assert(!holds[1 - self] && outcomes[record] == 0);
        outcomes[record] = outcome
    }
}

inline inherit(record) {
    attempt[record] = load(ENTRY(record));
    assert(outcomes[record] || attempt[record] >= begun[record])
}

/* InFlightTable.keepOnly */
inline keepPending(record) {
    if
    :: attempt[record] && outcomes[record] -> storeRelease(ENTRY(record), 0, OWN); attempt[record] = 0
    :: else
    fi
}

inline take(self) {
    atomic { alone(self); holds[self] = true; floor = load(FLOOR); assert(floor == raised); inherit(0); inherit(1) }
    keepPending(0);
    keepPending(1)
}

inline begin(self, which) {
    atomic {
        alone(self);
        if
        :: attempt[which] == 0 || failed[which] -> attempt[which] = attempt[which] + 1; failed[which] = false
        :: else /* cut off: the same attempt again */
        fi
    }
#ifndef ATTEMPT_AFTER_DELIVERY
    storeRelease(ENTRY(which), attempt[which], OWN);
#endif
    atomic {
        assert(running[which] == 0);
        assert(!succeeded[which] || cut[which]);
        cut[which] = false; succeeded[which] = false;
        running[which]++; begun[which] = attempt[which]; out[which] = true
    }
#ifdef ATTEMPT_AFTER_DELIVERY
    storeRelease(ENTRY(which), attempt[which], OWN);
#endif
}

/* The service's answer arrives, and is acted on. */
inline finish(self, which) {
    atomic {
        running[which]--;
        if
        :: succeeded[which] = true
        :: failed[which] = true
        fi
    }
    if
    :: succeeded[which] -> settle(which, DELIVERED, OWN); storeRelease(ENTRY(which), 0, OWN)
    :: failed[which] && attempt[which] == ATTEMPTS -> settle(which, DEAD, OWN); storeRelease(ENTRY(which), 0, OWN)
    :: else
    fi;
    out[which] = false
}

inline raise(self) {
    atomic {
        drained(bit(FLOOR));
        alone(self);
        floor++; raised = floor;
        assert(outcomes[floor - 1]);
        storeRelease(FLOOR, floor, OWN)
    }
}

#define canBegin(which) (mine && !out[which] && floor <= which && outcomes[which] == 0)
#ifdef FLOOR_BY_HAND_OUT
#define canRaise (mine && floor < RECORDS && (out[floor] || outcomes[floor]))
#else
#define canRaise (mine && floor < RECORDS && outcomes[floor])
#endif
#ifdef ANSWER_WITH_DELIVERIES
#define canAnswer true
#else
#define canAnswer (!out[0] && !out[1])
#endif

#ifdef LET_GO_WITHOUT_VERSION
#define letGo storeRelease(LET_GO, 2, OWN)
#else
#define letGo storeRelease(LET_GO, version, OWN)
#endif

/* Only worker 0 is ever asked for its answer. */
inline answer(self) {
    if
#ifdef RELAXED_ANSWER
    :: self == 0 -> store(APPLIED, version)
#else
    :: self == 0 -> storeRelease(APPLIED, version, OWN)
#endif
    :: else
    fi
}

proctype Worker(byte self) {
    byte version, floor;
    bool mine, isReopened;
    byte attempt[RECORDS];
    bool failed[RECORDS], out[RECORDS];
    {
end:    do
        :: load(GRANTS) != version && (load(HOLDER) == self + 1 || !mine || canAnswer) ->
            version = load(GRANTS);
            if
            :: load(HOLDER) == self + 1 && !mine -> take(self); mine = true
            :: load(HOLDER) != self + 1 && mine ->
                mine = false; holds[self] = false;
                if
                :: self == 0 -> letGo
                :: else
                fi
            :: else
            fi;
            answer(self)
        :: self == 0 && mine && !isReopened && !out[0] && !out[1] -> isReopened = true; letGo
        :: canBegin(0) -> begin(self, 0)
        :: canBegin(1) -> begin(self, 1)
        :: out[0] -> finish(self, 0)
        :: out[1] -> finish(self, 1)
        :: canRaise -> raise(self)
        od
    } unless { self == 0 && killed -> drained(OWN); atomic { holds[0] = false; dead = true } }
}

inline reap() {
    atomic {
#ifndef WITHOUT_REAPING
        if :: running[0] -> running[0] = 0; cut[0] = true :: else -> cut[0] = true fi;
        if :: running[1] -> running[1] = 0; cut[1] = true :: else -> cut[1] = true fi
#else
        cut[0] = true; cut[1] = true
#endif
    }
}

active proctype Supervisor() {
    run Worker(0); run Worker(1);
    store(HOLDER, 1);
    storeRelease(GRANTS, 1, SUPERVISORS);
    if
    :: store(HOLDER, 0);
        storeRelease(GRANTS, 2, SUPERVISORS);
        if
#ifdef GRANT_BEFORE_ANSWER
        :: true
#endif
        :: load(APPLIED) == 2
        :: load(LET_GO) == 2
        :: killPending = true; dead -> reap()
        fi
#ifdef STOPPED_COUNTS_AS_DEAD
    :: true
#endif
#ifdef GRANT_BEFORE_DEATH
    :: killPending = true
#else
    :: killPending = true; dead -> reap()
#endif
    :: dead -> reap()
    fi;
    store(HOLDER, 2);
    storeRelease(GRANTS, 3, SUPERVISORS)
}

/* A kill is sent, or the worker crashes; some time later it is dead. */
active proctype Kernel() {
end:
    if
    :: killPending
    :: true
    fi;
    killed = true
}

active proctype Judge() {
    timeout ->
    assert(outcomes[0] && outcomes[1]);
    assert(load(FLOOR) == RECORDS && load(ENTRY(0)) == 0 && load(ENTRY(1)) == 0)
}
