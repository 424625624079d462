// SPDX-License-Identifier: Apache-2.0
// The scoreboard, and what a consumer counts on it.
//
// Counters are told once per read, not per message; they are added, so that several consumers may share a board.
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t latencies_at(uint64_t capacity) { return (board_header + capacity + 7) & ~7ull; }

void board_create(const char *path, uint64_t capacity, bool latencies) {
  int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) die_errno(path);
  uint64_t size = latencies_at(capacity) + (latencies ? 8 * capacity : 0);
  if (ftruncate(descriptor, (off_t)size)) die_errno(path);
  uint64_t *words = mmap(NULL, board_header, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (words == MAP_FAILED) die_errno(path);
  words[word_capacity] = capacity;
  words[word_flags] = latencies ? board_wants_latencies : 0;
  words[word_magic] = board_magic;
  close(descriptor);
}

struct board board_open(const char *path) {
  int descriptor = open(path, O_RDWR | O_CLOEXEC);
  struct stat about;
  if (descriptor < 0 || fstat(descriptor, &about)) die_errno(path);
  // Filled in now: a first touch of each page would be paid for in the middle of the run.
  uint8_t *bytes = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, 0);
  if (bytes == MAP_FAILED) die_errno(path);
  close(descriptor);
  struct board board = {.words = (uint64_t *)(void *)bytes, .seen = bytes + board_header};
  board.capacity = board.words[word_capacity];
  bool wanted = board.words[word_flags] & board_wants_latencies;
  uint64_t size = latencies_at(board.capacity) + (wanted ? 8 * board.capacity : 0);
  if (board.words[word_magic] != board_magic || (uint64_t)about.st_size < size) die("%s is no scoreboard", path);
  if (wanted) board.latencies = (uint64_t *)(void *)(bytes + latencies_at(board.capacity));
  return board;
}

void tally_open(struct tally *tally, const char *path) {
  memset(tally, 0, sizeof *tally);
  tally->board = board_open(path);
}

void tally_ready(struct tally *tally) { board_add(&tally->board, word_ready, 1); }

void tally_begin(struct tally *tally) {
  tally->time = 0;
  tally->is_shared = board_get(&tally->board, word_ready) > 1;
}

static bool first_sight(struct tally *tally, uint64_t sequence) {
  uint8_t *seen = &tally->board.seen[sequence];
  if (tally->is_shared) return !__atomic_exchange_n(seen, 1, __ATOMIC_RELAXED);
  if (*seen) return false;
  *seen = 1;
  return true;
}

// From the time that the schedule intended, so that a sender that was held up does not hide it.
static void note_latency(struct tally *tally, uint64_t sequence) {
  if (!tally->start) {
    tally->start = board_get(&tally->board, word_start);
    tally->interval = board_get(&tally->board, word_interval);
  }
  tally->time = now_ns();
  uint64_t intended = tally->start + sequence * tally->interval;
  tally->board.latencies[sequence] = tally->time > intended ? tally->time - intended : 1;
}

// Eight digits at once: neighbours are put together, then pairs, then fours. -1 if one is no digit.
static int64_t eight_digits(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  value -= 0x3030303030303030;
  if (((value + 0x7676767676767676) | value) & 0x8080808080808080) return -1;
  value = (value * 10 + (value >> 8)) & 0x00FF00FF00FF00FF;
  value = (value * 100 + (value >> 16)) & 0x0000FFFF0000FFFF;
  return (int64_t)((value * 10000 + (value >> 32)) & 0xFFFFFFFF);
}

// Of a body behind its `#`; -1 if there are no ten digits.
static int64_t number_at(const uint8_t *at) {
  int64_t high = eight_digits(at);
  unsigned tens = at[8] - (unsigned)'0', ones = at[9] - (unsigned)'0';
  return high < 0 || tens > 9 || ones > 9 ? -1 : high * 100 + tens * 10 + ones;
}

static void tally_mark(struct tally *tally, uint64_t sequence) {
  if (sequence >= tally->board.capacity) {
    tally->garbage++;
  } else if (!first_sight(tally, sequence)) {
    tally->duplicates++;
  } else {
    tally->received++;
    if (sequence + 1 < tally->greatest) tally->out_of_order++;
    else tally->greatest = sequence + 1;
    if (tally->board.latencies) note_latency(tally, sequence);
  }
}

void tally_take(struct tally *tally, const uint8_t *bytes, size_t length) {
  const uint8_t *end = bytes + length;
  for (const uint8_t *at = bytes; (at = at < end && *at == '#' ? at : memchr(at, '#', (size_t)(end - at))); at++) {
    int64_t sequence = end - at > digits ? number_at(at + 1) : -1;
    if (sequence >= 0) {
      tally_mark(tally, (uint64_t)sequence);
      return;
    }
    if (end - at > 1 && at[1] == 'w') return; // a message that only warms up
  }
  tally->garbage++;
}

void tally_end(struct tally *tally) {
  struct board *board = &tally->board;
  if (tally->received) {
    if (!tally->time) tally->time = now_ns();
    uint64_t never = 0;
    if (!board_get(board, word_first_receipt))
      __atomic_compare_exchange_n(&board->words[word_first_receipt], &never, tally->time, false, __ATOMIC_RELAXED,
                                  __ATOMIC_RELAXED);
    board_set(board, word_last_receipt, tally->time);
  }
  board_add(board, word_duplicates, tally->duplicates);
  board_add(board, word_out_of_order, tally->out_of_order);
  board_add(board, word_garbage, tally->garbage);
  board_add(board, word_received, tally->received); // last: who sees all received sees the rest, too
  tally->total += tally->received;
  tally->total_duplicates += tally->duplicates;
  tally->received = tally->duplicates = tally->out_of_order = tally->garbage = 0;
}

void tally_print(const struct tally *tally, const struct options *options, int descriptor) {
  const struct board *board = &tally->board;
  dprintf(descriptor,
          "{\"program\":\"consume\",\"kind\":\"%s\",\"received\":%llu,\"duplicates\":%llu,\"outOfOrder\":%llu,"
          "\"garbage\":%llu,\"nanoseconds\":%llu,\"cpuNanoseconds\":%llu}\n",
          options->kind, (unsigned long long)tally->total, (unsigned long long)tally->total_duplicates,
          (unsigned long long)board_get(board, word_out_of_order),
          (unsigned long long)board_get(board, word_garbage),
          (unsigned long long)(board_get(board, word_last_receipt) - board_get(board, word_first_receipt)),
          (unsigned long long)cpu_ns());
}
