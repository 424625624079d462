// SPDX-License-Identifier: Apache-2.0
// The two halves of `relay`, and the memory that they share: one copies messages in, the other one hands them on.
//
// Invariant: `head` moves only behind the messages below it, and whoever announces sleep looks at it once more.
#ifndef RELAY_H
#define RELAY_H
#include "bench.h"

enum { relay_slots = 1 << 15, relay_longest = 500 };

struct relay_slot {
  uint32_t length;
  uint8_t bytes[relay_longest];
};

struct relay_ring {
  uint64_t head __attribute__((aligned(64)));
  uint64_t tail __attribute__((aligned(64)));
  uint32_t sleeping __attribute__((aligned(64)));
  struct relay_slot slots[relay_slots];
};

struct relay {
  struct relay_ring *ring;
  int bell;
  bool frames;     // DELIVER frames on descriptor 3, else lines on stdin
  char **program;  // what is fed
};

// Watches a descriptor; its number is the event's.
void relay_watch(int poller, int descriptor, uint32_t events);
// Runs the program and feeds it, until it ends.
_Noreturn void relay_worker(const struct relay *relay);
#endif
