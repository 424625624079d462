/* SPDX-License-Identifier: Apache-2.0 */
/* The producer's batches, totals and senders, with the acceptor killed twice at any step.
 *
 * Datagrams: publish, clear the receive array, store the batch number, let the kernel fill the array
 * (RingProducer.receive); append or refuse each, and say how many are done (finishDatagram, finishBatch). One store of
 * the head publishes records and totals (two copies, the head says which). A successor works off what the array
 * holds beyond the totals, if the batch word names the totals' next batch (unpublishedEntries). The kernel takes a
 * datagram off its queue and writes its length in one go: a kill is acted on only when the call returns.
 * Senders: one sender, two connections, sends again what was not acked; a number is a duplicate if it is not above the
 * last one appended; the table follows the head (applySenders), at attach too. Acks follow what is committed (in memory
 * mode that is the head) and may be lost.
 * A kill may be a power cut: a new ring begins behind what is committed, with the senders' numbers out of the log
 * (Recovery); datagrams that were not committed are gone then, as nobody was told of them.
 *
 * Property: each datagram is published once or counted as refused; each number is published once, and none that was acked is lost; no published sequence is used again
 * Mutant CLEAR_BEFORE_PUBLISH: the array is cleared before what it held is published
 * Mutant BATCH_AFTER_RECEIVE: the batch number is stored after the kernel's answer
 * Mutant WITHOUT_BATCH: a successor works off the array whatever batch it holds
 * Mutant CONSUMED_AFTER_HEAD: how far the batch is done becomes known by a store after the head's
 * Mutant HEAD_BEFORE_TOTALS: the head is stored before the totals that it points to
 * Mutant TABLE_BEFORE_HEAD: the sender's number is entered before the head
 * Mutant WITHOUT_SENDER_RECOVERY: a successor does not enter what its predecessor had published
 * Mutant DUPLICATES_BY_TABLE: a number is compared with the last one published, not with the last one appended
 * Mutant ACK_BY_HEAD: a number is acked as soon as it is published
 * Mutant WITHOUT_LOGGED_SENDERS: recovery does not read the senders' numbers from the log
 */

#define DATAGRAMS 3
#define ENTRIES 2
#define NUMBERS 2
#define RECORDS (DATAGRAMS + NUMBERS)
#define KILLS 2
#define fromSender(number) (DATAGRAMS + (number))

/* The log region. A record is named by its datagram (1...) or its sender's number behind them. */
byte head = 1, headCopy;
byte record[RECORDS + NUMBERS + 2];
byte totalsNextBatch[2], totalsConsumed[2], totalsRefused[2];
byte batch;
byte entry[ENTRIES];      /* 0: not filled */
byte sendersApplied = 1, senderLast;

byte committed = 1, committedLast;   /* on the disk: records below it, and the greatest number among them */
byte arrived;             /* datagrams that the kernel has handed out */
byte acked;               /* what the sender knows to be accepted */
bool killed, dead = true, cut;

/* What the properties are told by. */
byte published[RECORDS + 1], sequence[RECORDS + NUMBERS + 2], refusals;

inline applySenders() {
    step = sendersApplied;
    do
    :: atomic { step < head ->
        if
        :: record[step] > DATAGRAMS && record[step] - DATAGRAMS > senderLast -> senderLast = record[step] - DATAGRAMS
        :: else
        fi;
        step++ }
    :: else -> break
    od;
    sendersApplied = head;
    step = 0
}

inline storeTotals(copy) {
    totalsNextBatch[copy] = nextBatch;
    atomic { totalsConsumed[copy] = consumed; totalsRefused[copy] = refused }
}

inline storeHead() {
    atomic {
        step = head;
        do
        :: step < next ->
            published[record[step]]++;
            assert(published[record[step]] == 1);
            assert(sequence[step] == 0);
            sequence[step] = record[step];
            step++
        :: else -> break
        od;
        step = 0;
        head = next; headCopy = 1 - headCopy
    }
}

inline publish() {
#ifdef TABLE_BEFORE_HEAD
    senderLast = lastAppended;
#endif
#ifdef HEAD_BEFORE_TOTALS
    storeHead();
    storeTotals(headCopy);
#else
#ifdef CONSUMED_AFTER_HEAD
    totalsNextBatch[1 - headCopy] = totalsNextBatch[headCopy];
    totalsConsumed[1 - headCopy] = totalsConsumed[headCopy];
    totalsRefused[1 - headCopy] = refused;
    storeHead();
    storeTotals(headCopy);
#else
    storeTotals(1 - headCopy);
    storeHead();
#endif
#endif
    applySenders()
}

/* What is committed is acked; the ack may be lost. */
#ifdef ACK_BY_HEAD
#define accepted senderLast
#else
#define accepted committedLast
#endif

inline receive() {
#ifndef CLEAR_BEFORE_PUBLISH
    publish();
#endif
    entry[0] = 0; entry[1] = 0;
#ifndef BATCH_AFTER_RECEIVE
    batch = nextBatch + 1;
#endif
    filled = 0;
    do
    :: atomic { filled < ENTRIES && arrived < DATAGRAMS -> arrived++; entry[filled] = arrived; filled++ }
    :: filled > 0 || arrived == DATAGRAMS -> break
    od;
#ifdef BATCH_AFTER_RECEIVE
    batch = nextBatch + 1
#endif
}

inline append(name) {
    record[next] = name; next++
}

/* What lies beyond the head is nobody's, so that it takes shape in one step here. */
inline takeDatagram() {
    atomic {
        if
        :: append(entry[consumed])
        :: refused++
        fi;
        consumed++;
        if
        :: consumed == filled -> nextBatch++; consumed = 0; filled = 0
        :: else
        fi
    }
}

/* A frame on one of the two connections. */
inline takeFrame(connection) {
    atomic {
        sent[connection] = sent[connection] + 1;
        if
#ifdef DUPLICATES_BY_TABLE
        :: sent[connection] > senderLast ->
#else
        :: sent[connection] > lastAppended ->
#endif
            append(fromSender(sent[connection])); lastAppended = sent[connection]
        :: else
        fi
    }
}

#define allTaken (filled == 0 && arrived == DATAGRAMS && sent[0] == NUMBERS && sent[1] == NUMBERS)

proctype Acceptor() {
    byte next, nextBatch, consumed, refused, filled, lastAppended, step;
    byte sent[2];
    {
        next = head;
        nextBatch = totalsNextBatch[headCopy]; consumed = totalsConsumed[headCopy]; refused = totalsRefused[headCopy];
#ifndef WITHOUT_SENDER_RECOVERY
        applySenders();
#endif
        lastAppended = senderLast;
        sent[0] = acked; sent[1] = acked;
#ifdef WITHOUT_BATCH
        if
        :: true ->
#else
        if
        :: batch == nextBatch + 1 ->
#endif
            do
            :: filled < ENTRIES && entry[filled] -> filled++
            :: else -> break
            od
#ifndef WITHOUT_BATCH
        :: else
#endif
        fi;
        if
        :: consumed < filled
        :: else -> filled = 0
        fi;
        do
        :: filled == 0 && arrived < DATAGRAMS -> receive()
        :: filled > 0 -> takeDatagram()
        :: sent[0] < NUMBERS -> takeFrame(0)
        :: sent[1] < sent[0] -> takeFrame(1) /* the connections are alike: the second is the one behind */
        :: acked < accepted -> acked = accepted
        :: next > head || nextBatch != totalsNextBatch[headCopy] || consumed != totalsConsumed[headCopy] -> publish()
        :: allTaken && next == head && nextBatch == totalsNextBatch[headCopy] -> break
        od;
        refusals = refused;
end:    false
    } unless { killed -> dead = true }
}

active proctype Committer() {
end:
    do
    :: atomic { committed < head ->
        do
        :: committed < head ->
            if
            :: record[committed] > DATAGRAMS -> committedLast = record[committed] - DATAGRAMS
            :: else
            fi;
            committed++
        :: else -> break
        od }
    od
}

/* The ring is lost, and made anew from the log. */
inline loseRing() {
    do
    :: head > committed -> head--; published[record[head]]--; sequence[head] = 0
    :: else -> break
    od;
    entry[0] = 0; entry[1] = 0; batch = 0;
    totalsNextBatch[0] = 0; totalsNextBatch[1] = 0; totalsConsumed[0] = 0; totalsConsumed[1] = 0;
    sendersApplied = head;
#ifdef WITHOUT_LOGGED_SENDERS
    senderLast = 0
#else
    senderLast = committedLast
#endif
}

active proctype Supervisor() {
    byte kills;
end:
    do
    :: atomic { dead -> dead = false; killed = false; run Acceptor() }
    :: atomic { dead && kills == 1 && !cut -> cut = true; kills = KILLS; loseRing() }
    :: atomic { !dead && !killed && kills < KILLS -> killed = true; kills++ }
    od
}

active proctype Judge() {
    byte each, sum;
    timeout ->
    atomic {
        each = 1;
        do
        :: each <= DATAGRAMS -> sum = sum + published[each]; each++
        :: else -> break
        od;
        assert(cut || sum + refusals == DATAGRAMS);
        assert(published[fromSender(1)] == 1 && published[fromSender(2)] == 1);
        each = 1;
        do
        :: each < head -> assert(record[each] == sequence[each]); each++
        :: else -> break
        od
    }
}
