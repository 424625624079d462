// SPDX-License-Identifier: Apache-2.0
// When a publisher may send: by the schedule (open loop), the backlog, the stop word; and the messages themselves.
//
// Nobody spins: who is early or too far ahead sleeps. All publishers go by this, so that none is better off.
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t patience = 10000000000u; // nothing received for so long: nothing will be

static void announce(struct pace *pace, struct board *board) {
  board_set(board, word_interval, pace->interval);
  board_set(board, word_start, pace->start);
}

void pace_begin(struct pace *pace, const struct options *options, uint64_t backlog) {
  memset(pace, 0, sizeof *pace);
  pace->board = board_open(options->boards[0]);
  pace->other_count = options->board_count - 1;
  for (uint64_t i = 0; i < pace->other_count; i++) pace->others[i] = board_open(options->boards[i + 1]);
  pace->count = options->count ? options->count : pace->board.capacity;
  if (pace->count > pace->board.capacity) die("--count is more than the scoreboard's capacity");
  pace->interval = options->rate ? 1000000000u / options->rate : 0;
  pace->backlog = options->backlog ? options->backlog : backlog;
  pace->start = now_ns();
  announce(pace, &pace->board);
  for (uint64_t i = 0; i < pace->other_count; i++) announce(pace, &pace->others[i]);
}

uint64_t pace_received(const struct pace *pace) {
  uint64_t least = board_get(&pace->board, word_received);
  for (uint64_t i = 0; i < pace->other_count; i++) {
    uint64_t received = board_get(&pace->others[i], word_received);
    if (received < least) least = received;
  }
  return least;
}

uint64_t pace_due(const struct pace *pace, uint64_t time) {
  if (!pace->interval) return pace->count;
  uint64_t due = (time - pace->start) / pace->interval + 1;
  return due < pace->count ? due : pace->count;
}

// Flat out a quarter of the backlog is worth waking up for, a few messages are not.
uint64_t pace_limit(const struct pace *pace, uint64_t sent) {
  uint64_t limit = pace_received(pace) + pace->backlog;
  bool is_little = !pace->interval && limit < pace->count && limit - sent < pace->backlog / 4;
  return is_little ? sent : limit;
}

// A backlog that stays full ends the run: something was lost, or nobody consumes.
static void nap_for_backlog(struct pace *pace, uint64_t received, uint64_t sent) {
  uint64_t time = now_ns();
  if (received != pace->last_received || !pace->stalled) pace->stalled = time;
  pace->last_received = received;
  if (time - pace->stalled > patience)
    die("nothing was received for 10 s: %llu sent, %llu received", (unsigned long long)sent,
        (unsigned long long)received);
  sleep_until(time + pace_nap);
}

uint64_t pace_wait(struct pace *pace, uint64_t sent) {
  while (!board_stopped(&pace->board)) {
    uint64_t due = pace_due(pace, pace->interval ? now_ns() : 0);
    uint64_t limit = pace_limit(pace, sent);
    if (due <= sent) sleep_until(pace->start + sent * pace->interval);
    else if (limit > sent) return limit < due ? limit : due;
    else nap_for_backlog(pace, pace_received(pace), sent);
  }
  return sent;
}

void pace_sent(struct pace *pace, uint64_t sent) {
  if (!board_get(&pace->board, word_first_send)) board_set(&pace->board, word_first_send, pace->start);
  uint64_t before = board_get(&pace->board, word_sent);
  if (pace->interval) {
    uint64_t now = now_ns();
    for (; before < sent; before++) pace->late += now - (pace->start + before * pace->interval);
  }
  board_set(&pace->board, word_sent, sent);
  if (sent == pace->count) board_set(&pace->board, word_last_send, now_ns());
}

void pace_print(struct pace *pace, const struct options *options) {
  const struct board *board = &pace->board;
  if (!board_get(board, word_last_send)) board_set(&pace->board, word_last_send, now_ns());
  uint64_t end = board_get(board, word_last_accepted), sent = board_get(board, word_sent);
  if (!end) end = board_get(board, word_last_send);
  printf("{\"program\":\"publish\",\"kind\":\"%s\",\"sent\":%llu,\"accepted\":%llu,\"errors\":%llu,"
         "\"nanoseconds\":%llu,\"cpuNanoseconds\":%llu,\"meanLateness\":%llu}\n",
         options->kind, (unsigned long long)sent,
         (unsigned long long)board_get(board, word_accepted), (unsigned long long)board_get(board, word_errors),
         (unsigned long long)(end - pace->start), (unsigned long long)cpu_ns(),
         (unsigned long long)(sent ? pace->late / sent : 0));
}

struct shape shape_make(const void *before, size_t before_length, size_t body, const void *after, size_t after_length) {
  struct shape shape = {.length = before_length + body + after_length, .body = before_length, .size = body};
  shape.digits_at = before_length + 1;
  shape.bytes = malloc(shape.length);
  if (!shape.bytes) die_errno("malloc");
  memcpy(shape.bytes, before, before_length);
  memset(shape.bytes + before_length, 'x', body);
  shape.bytes[before_length] = '#';
  digits_put(shape.bytes + shape.digits_at, 0);
  if (after_length) memcpy(shape.bytes + before_length + body, after, after_length);
  return shape;
}

size_t shape_copy(const struct shape *shape, uint8_t *at, uint64_t sequence) {
  memcpy(at, shape->bytes, shape->length);
  digits_put(at + shape->digits_at, sequence);
  return shape->length;
}

void digits_put(uint8_t *at, uint64_t number) {
  // Eight of the ten digits at once: halves, their halves and theirs side by side, divided by multiplications.
  uint64_t high = number / 100000000 % 100, low = number % 100000000;
  uint64_t eight = low / 10000 << 32 | low % 10000;
  uint64_t hundreds = eight * 10486 >> 20 & 0x0000007F0000007Fu;
  eight = hundreds << 16 | (eight - hundreds * 100);
  uint64_t tens = eight * 103 >> 10 & 0x000F000F000F000Fu;
  eight = __builtin_bswap64((tens << 8 | (eight - tens * 10)) | 0x3030303030303030u);
  at[0] = (uint8_t)('0' + high / 10);
  at[1] = (uint8_t)('0' + high % 10);
  memcpy(at + 2, &eight, sizeof eight);
}
