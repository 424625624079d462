/* SPDX-License-Identifier: Apache-2.0 */
/* Who looks at a tight ring in memory mode, where the committer rests when there is nothing for it to do.
 *
 * The acceptor tells in its page whether the ring is tight; while it is, it fences, looks at the committers' presence, and
 * asks the supervisor for a committer if none serves: once for each absence, and the first time in any case
 * (Acceptor.askForCommitter). A committer with nothing to do leaves, fences, and looks at the ring once more
 * (Committer.rest). The supervisor starts one that is asked for; asked while one lives, it starts another when that has
 * rested. Acceptor and committer may be killed once, at any step; a killed committer is started again, unless the
 * supervisor hands over to its successor before, who knows of none, and has an acceptor of its own. A successor may fail behind
 * having heard the acceptor's question; whoever goes on then starts a committer.
 *
 * Property: when nothing can move any more and the ring is tight, a committer looks at it
 * Mutant WITHOUT_REST_FENCE: the committer does not fence between its leaving and its second look
 * Mutant WITHOUT_SECOND_LOOK: the committer does not look again
 * Mutant WITHOUT_TIGHT_FENCE: the acceptor does not fence between its word and its look at the presence
 * Mutant WITHOUT_FIRST_ASK: an acceptor's first question depends on the presence, too
 * Mutant WITHOUT_COUNTING: an acceptor asks once, whoever comes and goes
 * Mutant WITHOUT_TAKING_BACK: a supervisor that goes on behind a successor that failed asks for none
 * Mutant WITHOUT_ASKING_AGAIN: the supervisor forgets who asks while a committer lives
 */

#define TURNS 4

#define TIGHT 0
#define PRESENCE 1
#define WORDS 2
#include "memory.pml"

#define ACCEPTORS bit(TIGHT)
#define COMMITTERS bit(PRESENCE)

#ifdef WITHOUT_REST_FENCE
#define REST_FENCE skip
#else
#define REST_FENCE fence(COMMITTERS)
#endif
#ifdef WITHOUT_TIGHT_FENCE
#define TIGHT_FENCE skip
#else
#define TIGHT_FENCE fence(ACCEPTORS)
#endif
#ifdef WITHOUT_FIRST_ASK
#define FIRST false
#else
#define FIRST (asked == NEVER)
#endif
#ifdef WITHOUT_COUNTING
#define ANOTHER (asked == NEVER)
#else
#define ANOTHER (asked != presence)
#endif
#define NEVER 255

byte turns;
bool told, again, lives, serves, rested;
bool acceptorKilled, committerKilled, acceptorDead, committerDead;

/* The ring gets tight, or not, a few times. */
proctype Acceptor() {
    byte asked = NEVER, presence;
    {
        store(TIGHT, 0);
        do
        :: turns < TURNS ->
            turns++;
            if
            :: storeRelease(TIGHT, 1, ACCEPTORS)
            :: storeRelease(TIGHT, 0, ACCEPTORS)
            fi;
            if
            :: loadOwn(TIGHT) ->
                TIGHT_FENCE;
                presence = load(PRESENCE);
                if
                :: FIRST || (presence % 2 == 0 && ANOTHER) ->
                    told = true;
                    asked = presence
                :: else
                fi
            :: else
            fi
        :: turns == TURNS -> break
        od;
end:    false
    } unless { acceptorKilled -> drained(ACCEPTORS); acceptorDead = true }
}

proctype Committer() {
    byte presence;
    {
        presence = loadOwn(PRESENCE);
        presence = presence | 1;
        storeRelease(PRESENCE, presence, COMMITTERS);
        serves = true;
end:    do
        :: load(TIGHT) == 0 ->
            presence++;
            storeRelease(PRESENCE, presence, COMMITTERS);
            REST_FENCE;
            if
#ifdef WITHOUT_SECOND_LOOK
            :: true -> break
#else
            :: load(TIGHT) ->
                presence++;
                storeRelease(PRESENCE, presence, COMMITTERS)
            :: else -> break
#endif
            fi
        od;
        atomic { drained(COMMITTERS) -> serves = false; rested = true }
    } unless { committerKilled -> drained(COMMITTERS); atomic { serves = false; committerDead = true } }
}

active proctype Supervisor() {
    bool handedOver, failed, takesBack;
    run Acceptor();
end:
    do
    :: atomic { told && !lives -> told = false; lives = true; run Committer() }
#ifdef WITHOUT_ASKING_AGAIN
    :: atomic { told && lives -> told = false }
#else
    :: atomic { told && lives -> told = false; again = true }
#endif
    :: atomic { rested && !again -> rested = false; lives = false }
    :: atomic { rested && again -> rested = false; again = false; run Committer() }
    :: atomic { committerDead -> committerDead = false; committerKilled = false; run Committer() }
    :: atomic { committerDead && !handedOver && !acceptorKilled ->
            handedOver = true; committerDead = false; committerKilled = false; lives = false; again = false;
            acceptorKilled = true }
    /* A successor hears it, and fails before it has an acceptor of its own. */
    :: atomic { told && !failed -> failed = true; told = false; takesBack = true }
    :: atomic { takesBack ->
            takesBack = false;
#ifndef WITHOUT_TAKING_BACK
            told = true
#endif
        }
    :: atomic { acceptorDead -> acceptorDead = false; acceptorKilled = false; run Acceptor() }
    od
}

active proctype Killer() {
    bool acceptor, committer;
end:
    do
    :: atomic { !acceptor -> acceptor = true; acceptorKilled = true }
    :: atomic { !committer && lives && !rested -> committer = true; committerKilled = true }
    :: acceptor = true; committer = true; break
    od
}

active proctype Judge() {
    timeout ->
    assert(!load(TIGHT) || serves)
}
