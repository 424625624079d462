/* SPDX-License-Identifier: Apache-2.0 */
/* An acceptor hands its connections and the role of the producer to a successor while both live; each may be killed at any
 * step, and the hand-over is tried once more if it came to nothing (Ingress: HandOver, TakeOver; RingProducer.takeBack).
 *
 * A connection brings bytes, two of which make a message, published as soon as it is whole. Half a message lies in the
 * memory of the acceptor that has read it alone. Both map the receive array, whose pointers are those of whoever attached
 * last; the kernel writes where they point to. The old one stands still, sends what it has, and waits: `taken` ends it, the
 * end of the stream has it go on; what lies in the stream comes out before its end. The new one attaches when it hears that
 * the old one stands still, takes everything, says `taken`, and acts. Who dies behind that takes the connection with it: the
 * sender sends again, to the next acceptor, what was not published.
 *
 * Property: at most one acts, none reads into memory that is not its own, and each message is published once, whoever dies
 * Mutant READ_BEFORE_TAKEN: the successor acts before it says that it has taken
 * Mutant WITHOUT_STANDING_STILL: the predecessor reads on behind what it has sent
 * Mutant ATTACH_BEFORE_FROZEN: the successor attaches before it hears that its predecessor stands still
 * Mutant WITHOUT_TAKING_BACK: the predecessor goes on without putting its pointers back
 * Mutant END_OVER_TAKEN: the predecessor goes on when the stream has ended, though `taken` lies in it
 * Mutant WITHOUT_REST: half a message does not pass
 */

#define MESSAGES 2
#define BYTES (2 * MESSAGES)
#define ATTEMPTS 2

#define OLD 0
#define NEW 1
#define NEXT 2

bool acts[3], killed[2], dead[2];
byte pointers = OLD;      /* whose those of the array are */
byte got;                 /* bytes that the kernel has given to whom it may */
byte published;

/* The stream of this attempt, one way and the other. */
bool sent, taken;
byte sentHalf;

/* A byte is read, and with it, perhaps, a datagram. */
inline serve(who, half) {
    atomic {
        assert(!acts[(who + 1) % 3] && !acts[(who + 2) % 3]);
        assert(pointers == who);
        got++; half++;
        if
        :: half == 2 ->
            half = 0; published++;
            /* Else two halves of different messages were put together, or one was published twice. */
            assert(got == 2 * published)
        :: else
        fi
    }
}

proctype Successor() {
    byte half;
    {
#ifdef ATTACH_BEFORE_FROZEN
        pointers = NEW;
#endif
        if
        :: sent ->
            half = sentHalf;
            pointers = NEW;
#ifdef WITHOUT_REST
            half = 0;
#endif
#ifdef READ_BEFORE_TAKEN
            acts[NEW] = true;
            if
            :: got < BYTES -> serve(NEW, half)
            :: else
            fi;
            taken = true;
#else
            taken = true;
            acts[NEW] = true;
#endif
            do
            :: got < BYTES -> serve(NEW, half)
            :: else -> break
            od
        :: dead[OLD] && !sent
        fi
    } unless { killed[NEW] };
    atomic { acts[NEW] = false; dead[NEW] = true }
}

proctype Predecessor() {
    byte half, attempts;
    bool prepared;
    {
        do
        :: acts[OLD] = true;
            do
            :: got < BYTES -> serve(OLD, half)
            :: attempts < ATTEMPTS && !prepared ->
                atomic {
                    attempts++; prepared = true;
                    sent = false; taken = false; killed[NEW] = false; dead[NEW] = false;
                    run Successor()
                }
            :: prepared -> prepared = false; break
            :: got == BYTES && attempts == ATTEMPTS && !prepared -> goto ended
            od;
            acts[OLD] = false;
            atomic { sentHalf = half; sent = true };
#ifdef WITHOUT_STANDING_STILL
            if
            :: got < BYTES -> serve(OLD, half)
            :: else
            fi;
#endif
            if
            :: taken -> break
#ifdef END_OVER_TAKEN
            :: dead[NEW]
#else
            :: dead[NEW] && !taken
#endif
            fi;
#ifndef WITHOUT_TAKING_BACK
            pointers = OLD
#endif
        od;
ended:  skip
    } unless { killed[OLD] };
    atomic { acts[OLD] = false; dead[OLD] = true }
}

active proctype Killer() {
    if
    :: killed[OLD] = true
    :: killed[NEW] = true
    :: killed[NEW] = true; killed[OLD] = true
    :: killed[OLD] = true; killed[NEW] = true
    :: skip
    fi
}

active proctype Supervisor() {
    byte half;
    dead[NEW] = true;
    run Predecessor();
    /* Nobody is left: another one is started, as after any death, and the sender sends to it what it was not told of. */
    dead[OLD] && dead[NEW];
    atomic { pointers = NEXT; acts[NEXT] = true; got = 2 * published };
    do
    :: got < BYTES -> serve(NEXT, half)
    :: else -> break
    od;
    assert(published == MESSAGES)
}
