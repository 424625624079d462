/* SPDX-License-Identifier: Apache-2.0 */
/* PairedTotals: two copies of counters, and a word that says which of them counts.
 *
 * The writer stamps the copy that the selecting word does not name, fills it, and turns the word with one release store.
 * A reader looks at the word, the stamp, the word again, the values, the stamp again, and starts over if one of them
 * has changed. The sequence in the selecting word need not grow from one publication to the next (a refusal is counted,
 * nothing is appended), so the word may come back to an old value. The writer is killed once, at any step.
 *
 * Property: what a reader returns are the totals of one publication, and those that belong to the word it returns
 * Mutant WITHOUT_SECOND_LOOK: the reader does not look at the word again behind the stamp
 * Mutant WITHOUT_STAMP: the reader does not look at the stamp again behind the values
 * Mutant RELAXED_STAMP: the stamp may become visible before the word that left this copy
 * Mutant WITHOUT_STAMP_FENCE: the values may become visible before the stamp
 * Mutant RELAXED_WORD: the word may become visible before the values
 * Mutant ONE_COPY: the writer fills the copy that the word names
 */

#define PUBLICATIONS 4

#define SELECTOR 0            /* sequence << 1 | copy */
#define STAMP(copy) (1 + (copy))
#define SEQUENCE(copy) (3 + (copy))
#define COUNT(copy) (5 + (copy))
#define WORDS 7
#include "memory.pml"

#define OWN (bit(SELECTOR) | bit(STAMP(0)) | bit(STAMP(1)) | VALUES)
#define VALUES (bit(SEQUENCE(0)) | bit(SEQUENCE(1)) | bit(COUNT(0)) | bit(COUNT(1)))
#ifdef WITHOUT_STAMP_FENCE
#define FENCED 0
#else
#define FENCED (OWN & ~(bit(SEQUENCE(copy)) | bit(COUNT(copy))))
#endif

byte sequenceOf[PUBLICATIONS + 1];  /* what each publication said */
bool killed, dead = true;

proctype Writer() {
    byte sequence, copy, count, stamp;
    {
        copy = load(SELECTOR) & 1; sequence = load(SELECTOR) >> 1; count = load(COUNT(copy));
        do
        :: count < PUBLICATIONS ->
            count++;
            if
            :: sequence++
            :: skip
            fi;
#ifndef ONE_COPY
            copy = 1 - copy;
#endif
            stamp = loadOwn(STAMP(copy)) + 1;
#ifdef RELAXED_STAMP
            store(STAMP(copy), stamp);
#else
            storeRelease(STAMP(copy), stamp, OWN);
#endif
            storeBehind(SEQUENCE(copy), sequence, FENCED);
            storeBehind(COUNT(copy), count, FENCED);
            sequenceOf[count] = sequence;
#ifdef RELAXED_WORD
            store(SELECTOR, (sequence << 1) | copy)
#else
            storeRelease(SELECTOR, (sequence << 1) | copy, OWN)
#endif
        :: else -> break
        od;
end:    false
    } unless { killed -> drained(OWN); dead = true }
}

active proctype Reader() {
    byte selector, stamp, sequence, count;
    do
    ::  selector = load(SELECTOR);
        stamp = load(STAMP(selector & 1));
#ifndef WITHOUT_SECOND_LOOK
        if
        :: load(SELECTOR) != selector -> goto again
        :: else
        fi;
#endif
        sequence = load(SEQUENCE(selector & 1));
        count = load(COUNT(selector & 1));
#ifndef WITHOUT_STAMP
        if
        :: load(STAMP(selector & 1)) != stamp -> goto again
        :: else
        fi;
#endif
        break;
again:  skip
    od;
    assert(sequence == sequenceOf[count]);
    assert(sequence == selector >> 1)
}

active proctype Supervisor() {
    bool once;
end:
    do
    :: atomic { dead -> dead = false; killed = false; run Writer() }
    :: atomic { !dead && !killed && !once -> once = true; killed = true }
    od
}
