/* SPDX-License-Identifier: Apache-2.0 */
/* Weak memory, included by the models in which two processes look at each other's words.
 *
 * Every shared word has one writer at a time. A store goes into that writer's buffer and reaches memory later,
 * in any order with its other stores (weaker than x86, where the order stays; as weak as ARM for stores), except:
 *   storeRelease   reaches memory after all that its writer stored before it;
 *   releaseFence   what is stored after the fence comes after what was stored before it;
 *   fence          (sequentially consistent) waits until the writer's buffer is empty.
 * The buffer has one place a word: a second store to the same word waits for the first. A writer sees its own
 * stores. A killed process's stores still reach memory. Loads are not reordered among themselves.
 *
 * Before including: define WORDS (at most 9). A word is a number below it, a set of words a bit mask. */

byte memory[WORDS];
byte stored[WORDS];       /* what the buffers hold */
short buffered;           /* which words lie in a buffer */
short behind[WORDS];      /* words that have to reach memory before this one */

#define bit(word) (1 << (word))
#define drained(mine) ((buffered & (mine)) == 0)
#define load(word) memory[word]
#define loadOwn(word) ((buffered & bit(word)) -> stored[word] : memory[word])

inline storeBehind(word, value, earlier) {
    atomic {
        (buffered & bit(word)) == 0;
        behind[word] = buffered & (earlier);
        stored[word] = value;
        buffered = buffered | bit(word)
    }
}

/* `mine`: every word that this process writes. */
inline storeRelease(word, value, mine) { storeBehind(word, value, (mine) & ~bit(word)) }
inline store(word, value) { storeBehind(word, value, 0) }
inline fence(mine) { drained(mine) }

/* A word's place in the buffer is empty again: nothing waits for it any more. */
#define PASS(word, i) behind[i] = behind[i] & ~bit(word)
#define ARRIVE(word) \
    :: d_step { (buffered & bit(word)) && behind[word] == 0 -> \
            memory[word] = stored[word]; buffered = buffered & ~bit(word); stored[word] = 0; \
            ALL(word) }
#if WORDS == 1
#define ALL(word) PASS(word, 0)
#elif WORDS == 2
#define ALL(word) PASS(word, 0); PASS(word, 1)
#elif WORDS == 3
#define ALL(word) PASS(word, 0); PASS(word, 1); PASS(word, 2)
#elif WORDS == 4
#define ALL(word) PASS(word, 0); PASS(word, 1); PASS(word, 2); PASS(word, 3)
#elif WORDS == 5
#define ALL(word) PASS(word, 0); PASS(word, 1); PASS(word, 2); PASS(word, 3); PASS(word, 4)
#elif WORDS == 6
#define ALL(word) PASS(word, 0); PASS(word, 1); PASS(word, 2); PASS(word, 3); PASS(word, 4); PASS(word, 5)
#elif WORDS == 7
#define ALL(word) PASS(word, 0); PASS(word, 1); PASS(word, 2); PASS(word, 3); PASS(word, 4); PASS(word, 5); PASS(word, 6)
#elif WORDS == 8
#define ALL(word) PASS(word, 0); PASS(word, 1); PASS(word, 2); PASS(word, 3); PASS(word, 4); PASS(word, 5); PASS(word, 6); PASS(word, 7)
#elif WORDS == 9
#define ALL(word) PASS(word, 0); PASS(word, 1); PASS(word, 2); PASS(word, 3); PASS(word, 4); PASS(word, 5); PASS(word, 6); PASS(word, 7); PASS(word, 8)
#endif

active proctype Memory() {
end:
    do
    ARRIVE(0)
#if WORDS > 1
    ARRIVE(1)
#endif
#if WORDS > 2
    ARRIVE(2)
#endif
#if WORDS > 3
    ARRIVE(3)
#endif
#if WORDS > 4
    ARRIVE(4)
#endif
#if WORDS > 5
    ARRIVE(5)
#endif
#if WORDS > 6
    ARRIVE(6)
#endif
#if WORDS > 7
    ARRIVE(7)
#endif
#if WORDS > 8
    ARRIVE(8)
#endif
    od
}
