/* SPDX-License-Identifier: Apache-2.0 */
/* The wake-up handshake between RingProducer and RingWorker, in both directions, with crashes.
 *
 * Down: a worker announces that it sleeps and for which slots, fences, looks at head and grants again, then waits
 * at its bell (ProcessPage.announceSleep). The acceptor publishes head, fences, looks at who sleeps, rings
 * (RingProducer.publish, forEachSleeper). Up: an acceptor without space announces that it waits, fences, looks at
 * the floor again, then waits at its bell (announceWaiting); a worker raises its floor, fences, looks whether the
 * acceptor waits, rings (spaceIsAwaited). Each may be killed once, at any step; its successor finds every bell rung.
 * What the supervisor grants, it announces by a ring alone.
 *
 * Property: when nothing can move any more, every record is published and the worker has seen it
 * Mutant WITHOUT_SLEEP_FENCE: the worker does not fence between its announcement and its second look
 * Mutant WITHOUT_SECOND_LOOK: the worker does not look again
 * Mutant WITHOUT_SECOND_LOOK_FOR_SPACE: the acceptor does not look again
 * Mutant WITHOUT_PUBLISH_FENCE: the acceptor does not fence between head and its look at the sleepers
 * Mutant WITHOUT_WAITING_FENCE: the acceptor does not fence between its announcement and its second look
 * Mutant WITHOUT_FLOOR_FENCE: the worker does not fence between its floor and its look at the waiting acceptor
 * Mutant WITHOUT_WAKING_ALL: nobody is woken after a crash
 * Mutant WITHOUT_INTEREST_ORDER: the worker tells its interest after its announcement
 */

#define RECORDS 2
#define CAPACITY 1

#define HEAD 0
#define WAITING 1
#define GRANTS 2
#define SLEEPING 3
#define INTEREST 4
#define FLOOR 5
#define WORDS 6
#include "memory.pml"

#define ACCEPTORS (bit(HEAD) | bit(WAITING))
#define SUPERVISORS bit(GRANTS)
#define WORKERS (bit(SLEEPING) | bit(INTEREST) | bit(FLOOR))

bool bell, acceptorBell;
bool acceptorKilled, workerKilled, acceptorDead, workerDead;

#ifdef WITHOUT_SLEEP_FENCE
#define SLEEP_FENCE skip
#else
#define SLEEP_FENCE fence(WORKERS)
#endif
#ifdef WITHOUT_PUBLISH_FENCE
#define PUBLISH_FENCE skip
#else
#define PUBLISH_FENCE fence(ACCEPTORS)
#endif
#ifdef WITHOUT_WAITING_FENCE
#define WAITING_FENCE skip
#else
#define WAITING_FENCE fence(ACCEPTORS)
#endif
#ifdef WITHOUT_FLOOR_FENCE
#define FLOOR_FENCE skip
#else
#define FLOOR_FENCE fence(WORKERS)
#endif

/* Writing to an eventfd takes the kernel's lock in it, and so does reading it: who finds the bell rung sees all
 * that its ringer had stored. The same goes for who sees a process's death (pidfd). */
inline ring(what, mine) { atomic { drained(mine) -> what = true } }
inline await(what) { atomic { what -> what = false } }

proctype Acceptor() {
    byte head;
    {
        head = load(HEAD);
#ifndef WITHOUT_WAKING_ALL
        ring(bell, ACCEPTORS);
#endif
        do
        :: head == RECORDS -> break
        :: head < RECORDS ->
            do
            :: head - load(FLOOR) < CAPACITY -> break
            :: else ->
                storeRelease(WAITING, 1, ACCEPTORS);
                WAITING_FENCE;
                if
#ifdef WITHOUT_SECOND_LOOK_FOR_SPACE
                :: true ->
#else
                :: head - load(FLOOR) >= CAPACITY ->
#endif
                    await(acceptorBell)
#ifndef WITHOUT_SECOND_LOOK_FOR_SPACE
                :: else
#endif
                fi;
                store(WAITING, 0)
            od;
            head++;
            storeRelease(HEAD, head, ACCEPTORS);
            PUBLISH_FENCE;
            if
            :: load(SLEEPING) ->
                if
                :: load(INTEREST) -> ring(bell, ACCEPTORS)
                :: else
                fi
            :: else
            fi
        od;
end:    false
    } unless { acceptorKilled -> drained(ACCEPTORS); acceptorDead = true }
}

/* Holds the only shard once the supervisor has granted it. */
proctype Worker() {
    byte seen, head, version;
    {
        seen = load(FLOOR);
        do
        ::  version = load(GRANTS);
            head = load(HEAD);
            if
            :: version > 0 && head > seen ->
                seen = head;
                storeRelease(FLOOR, seen, WORKERS);
                FLOOR_FENCE;
                if
                :: load(WAITING) -> ring(acceptorBell, WORKERS)
                :: else
                fi
            :: else ->
#ifdef WITHOUT_INTEREST_ORDER
                store(SLEEPING, 1);
                SLEEP_FENCE;
                store(INTEREST, version > 0);
#else
                store(INTEREST, version > 0);
                storeRelease(SLEEPING, 1, WORKERS);
                SLEEP_FENCE;
#endif
                if
#ifdef WITHOUT_SECOND_LOOK
                :: true ->
#else
                :: load(HEAD) == head && load(GRANTS) == version ->
#endif
end:                await(bell)
#ifndef WITHOUT_SECOND_LOOK
                :: else
#endif
                fi;
                store(SLEEPING, 0)
            fi
        od
    } unless { workerKilled -> drained(WORKERS); workerDead = true }
}

/* Grants the shard at some time; starts a successor for whom the kernel calls dead, and wakes everyone. */
active proctype Supervisor() {
    bool granted;
    run Acceptor(); run Worker();
end:
    do
    :: !granted ->
        granted = true;
        storeRelease(GRANTS, 1, SUPERVISORS);
        ring(bell, SUPERVISORS)
    :: acceptorDead ->
        atomic { acceptorDead = false; acceptorKilled = false; run Acceptor() }
    :: workerDead ->
        atomic { workerDead = false; workerKilled = false; run Worker() }
#ifndef WITHOUT_WAKING_ALL
        ring(acceptorBell, SUPERVISORS)
#endif
    od
}

active proctype Killer() {
    bool acceptor, worker;
end:
    do
    :: atomic { !acceptor -> acceptor = true; acceptorKilled = true }
    :: atomic { !worker -> worker = true; workerKilled = true }
    :: acceptor = true; worker = true; break
    od
}

active proctype Judge() {
    timeout ->
    assert(load(HEAD) == RECORDS);
    assert(load(FLOOR) == RECORDS)
}
