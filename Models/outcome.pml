/* SPDX-License-Identifier: Apache-2.0 */
/* Outcome words that two shards of a service share, over several laps.
 *
 * A word holds a lap number and a code for each of its records (here two; OutcomeWord has eight). Odd records are one
 * shard's, even ones the other's; each holder settles its own in any order by compare-and-swap (OutcomePlane.set), a
 * word of an earlier lap counting as pending throughout, and raises its floor over what has an outcome. The producer
 * publishes while there is space: the newest record must not come into the word of the oldest (RingProducer.fits).
 *
 * Property: a record's outcome stays readable until its shard's floor has passed it, and each record gets one
 * Mutant SETTLE_WITHOUT_SWAP: outcomes are stored, not compared and swapped
 * Mutant SPACE_BY_RECORD: the newest record may come into the word of the oldest
 * Mutant WITHOUT_LAP: a word of an earlier lap is read as if it were of this one
 */

#define RECORDS 7
#define CAPACITY 4
#define PER_WORD 2

byte words[CAPACITY / PER_WORD];  /* lap << 4 | code << 2 | code */
byte head = 1;
byte floors[2] = 1;
byte settled[RECORDS + 1];        /* what each record was given */

#define place(record) (((record) % CAPACITY) / PER_WORD)
#define lap(record) ((record) / CAPACITY)
#define shift(record) (2 * ((record) % PER_WORD))
#ifdef WITHOUT_LAP
#define isOfLap(word, record) true
#else
#define isOfLap(word, record) ((word) >> 4 == lap(record))
#endif
#define codeIn(word, record) (isOfLap(word, record) -> ((word) >> shift(record)) & 3 : 0)
#define code(record) codeIn(words[place(record)], record)
#define shard(record) ((record) % 2)

#define lowest (floors[0] < floors[1] -> floors[0] : floors[1])
#ifdef SPACE_BY_RECORD
#define hasSpace (head - lowest < CAPACITY)
#else
#define hasSpace (head - (lowest & ~(PER_WORD - 1)) < CAPACITY)
#endif

active proctype Producer() {
    do
    :: head <= RECORDS && hasSpace -> head++
    :: head > RECORDS -> break
    od
}

inline settle(record, outcome) {
    do
    ::  word = words[place(record)];
        assert(codeIn(word, record) == 0);
        desired = (isOfLap(word, record) -> word | (outcome << shift(record)) : (lap(record) << 4) | (outcome << shift(record)));
#ifdef WITHOUT_LAP
        desired = (desired & 15) | (lap(record) << 4);
#endif
#ifdef SETTLE_WITHOUT_SWAP
        atomic { words[place(record)] = desired; settled[record] = outcome; break }
#else
        atomic {
            if
            :: words[place(record)] == word -> words[place(record)] = desired; settled[record] = outcome; break
            :: else
            fi
        }
#endif
    od;
    word = 0; desired = 0
}

proctype Holder(byte self) {
    byte word, desired, record;
    do
    :: floors[self] <= RECORDS ->
        if
        /* Over another shard's record. */
        :: floors[self] < head && shard(floors[self]) != self -> floors[self] = floors[self] + 1
        /* Over its own, counting what became of it. */
        :: atomic { floors[self] < head && shard(floors[self]) == self && settled[floors[self]] ->
                assert(code(floors[self]) == settled[floors[self]]) };
            floors[self] = floors[self] + 1
        /* Delivered: the oldest of its own or the one behind it. */
        :: record = floors[self] + (shard(floors[self]) != self -> 1 : 0);
            if
            :: record + 2 < head -> record = record + 2
            :: skip
            fi;
            if
            :: record < head && !settled[record] ->
                if
                :: settle(record, 1)
                :: settle(record, 2)
                fi
            :: else
            fi;
            record = 0
        fi
    :: else -> break
    od
}

init { atomic { run Holder(0); run Holder(1) } }

active proctype Judge() {
    byte each = 1;
end:
    floors[0] > RECORDS && floors[1] > RECORDS;
    do
    :: each <= RECORDS -> assert(settled[each]); each++
    :: else -> break
    od
}
