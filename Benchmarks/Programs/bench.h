// SPDX-License-Identifier: Apache-2.0
// What every program of the benchmark shares: options, the scoreboard, clock and schedule, the messages' bodies.
//
// A message's body is `#`, its number in ten digits, and `x` up to its size. Publishers and consumers map one file, the
// scoreboard (README.md has its layout): the publisher says when it began and at which pace, consumers count.
// Invariant: whatever is lost, doubled or garbled shows on the scoreboard, whatever the protocol.
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { chunk = 64 * 1024, digits = 10, shortest_body = 16, most_boards = 64 };

struct options {
  const char *kind, *topic, *program, *boards[most_boards];
  char host[64], port[8];
  uint64_t board_count, count, size, rate, window, backlog, connections, batch;
  bool confirm, latencies, ack_all, has_address;
};

// Leaves what was not given at 0 or NULL; ends the program where something is wrong.
void options_read(struct options *options, int argc, char **argv);
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die_errno(const char *what);

// Nanoseconds of CLOCK_MONOTONIC.
uint64_t now_ns(void);
// What this process has taken.
uint64_t cpu_ns(void);
// Sleeps until then, to the microsecond; a signal ends it early.
void sleep_until(uint64_t time);
// Set by SIGTERM and SIGINT.
extern volatile bool interrupted;
// Signals, exact sleeps, as many descriptors as may be.
void prepare_process(void);

// The words of the scoreboard, by their index.
enum word {
  word_magic, word_capacity, word_received, word_duplicates, word_out_of_order, word_garbage, word_first_receipt,
  word_last_receipt, word_accepted, word_sent, word_first_send, word_last_send, word_last_accepted, word_errors,
  word_interval, word_start, word_flags, word_ready, word_stop
};
#define board_magic 0x42534C4645425942u
enum { board_header = 4096, board_wants_latencies = 1 };

struct board {
  uint64_t *words;
  uint8_t *seen;
  uint64_t *latencies; // NULL if not wanted
  uint64_t capacity;
};

void board_create(const char *path, uint64_t capacity, bool latencies);
struct board board_open(const char *path);
static inline uint64_t board_get(const struct board *board, enum word word) {
  return __atomic_load_n(&board->words[word], __ATOMIC_RELAXED);
}
static inline void board_set(struct board *board, enum word word, uint64_t value) {
  __atomic_store_n(&board->words[word], value, __ATOMIC_RELAXED);
}
static inline void board_add(struct board *board, enum word word, uint64_t value) {
  if (value) __atomic_fetch_add(&board->words[word], value, __ATOMIC_RELAXED);
}
static inline bool board_stopped(const struct board *board) {
  return interrupted || board_get(board, word_stop);
}

// What a consumer has seen since it last told the scoreboard. One read: tally_begin, tally_take for each, tally_end.
struct tally {
  struct board board;
  uint64_t received, duplicates, out_of_order, garbage, greatest, start, interval, time, total, total_duplicates;
  bool is_shared; // several consumers mark one board
};

void tally_open(struct tally *tally, const char *path);
void tally_ready(struct tally *tally);
void tally_begin(struct tally *tally);
// Looks for the body in it, checks its number, and marks it.
void tally_take(struct tally *tally, const uint8_t *bytes, size_t length);
void tally_end(struct tally *tally);
void tally_print(const struct tally *tally, const struct options *options, int descriptor);

// When which messages are due, and how many may be sent and not received. With several boards (fan-out) the first one
// is the publisher's, all get the schedule, and the one that has received least counts.
struct pace {
  struct board board, others[most_boards];
  uint64_t other_count, count, interval, start, backlog, stalled, last_received;
  uint64_t late; // by a schedule: ns between when messages were due and when they left, all together
};

// `backlog` is for when none was given. Begins now: the schedule is on the scoreboard, from here on messages are late.
void pace_begin(struct pace *pace, const struct options *options, uint64_t backlog);
// What all boards have received.
uint64_t pace_received(const struct pace *pace);
// How many may be sent by the backlog; `sent` if it is full.
uint64_t pace_limit(const struct pace *pace, uint64_t sent);
enum { pace_nap = 100000 }; // ns, between two looks at a full backlog
// How many are due at that time, out of all.
uint64_t pace_due(const struct pace *pace, uint64_t time);
// Waits until more than `sent` may be sent, and tells how many then; `sent` if the run was stopped.
uint64_t pace_wait(struct pace *pace, uint64_t sent);
void pace_sent(struct pace *pace, uint64_t sent);
void pace_print(struct pace *pace, const struct options *options);

// A message with what the protocol writes around it, to be copied and numbered.
struct shape {
  uint8_t *bytes;
  size_t length, body, digits_at, size;
};

// `before` and `after` are what stands around the body.
struct shape shape_make(const void *before, size_t before_length, size_t body, const void *after, size_t after_length);
void digits_put(uint8_t *at, uint64_t number);
size_t shape_copy(const struct shape *shape, uint8_t *at, uint64_t sequence);

// Sockets. A descriptor, or the end of the program.
int dial(const struct options *options, int type);
int listen_udp(const struct options *options);
void write_all(int descriptor, const void *bytes, size_t length);
#endif
