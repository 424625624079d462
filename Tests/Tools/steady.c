// SPDX-License-Identifier: Apache-2.0
// A steady sender that numbers what it sends, over the C client of Examples/c. Used by the storm of SystemTests.
//
//   steady HOST PORT SENDER RATE    until SIGTERM, then waits until all is accepted and prints how many, by stream
//
// Each sender has three streams, with the names 3 * SENDER, +1 and +2 and numbers from 0: `load`, RATE a second, under
// load.SENDER.0 to load.SENDER.3 in turn; `slow` and `noise`, 5 a second each, under slow.SENDER and noise.SENDER.
// Invariant: what it prints has been accepted, each number once.
#define BELFRY_IMPLEMENTATION
#include "belfry.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { load, slow, noise, streams, topics = 4, ticks = 50 };

static char memory[1 << 18];
static unsigned long sent[streams];
static volatile sig_atomic_t is_over;

static void stop(int signal) {
  (void)signal;
  is_over = 1;
}

static void end_if(int result, const belfry_sender *sender) {
  if (!result) return;
  fprintf(stderr, "steady: %s: %s\n", belfry_words(result), sender->detail);
  exit(1);
}

static void publish(belfry_sender *sender, int name, int stream, const char *topic) {
  // Bodies of many lengths, so that records end everywhere in the ring.
  static const char padding[] = "................................................................................";
  char body[128];
  int rest = (int)(sent[stream] * 7 % (sizeof padding - 1));
  int length = snprintf(body, sizeof body, "%d %lu %.*s", name * streams + stream, sent[stream], rest, padding);
  end_if(belfry_publish(sender, topic, body, (size_t)length, NULL), sender);
  sent[stream]++;
}

static void tick(belfry_sender *sender, int name, unsigned long round, int rate) {
  char topic[64];
  for (int i = 0; i < rate / ticks; i++) {
    snprintf(topic, sizeof topic, "load.%d.%lu", name, sent[load] % topics);
    publish(sender, name, load, topic);
  }
  if (round % (ticks / 5)) return;
  snprintf(topic, sizeof topic, "slow.%d", name);
  publish(sender, name, slow, topic);
  snprintf(topic, sizeof topic, "noise.%d", name);
  publish(sender, name, noise, topic);
}

int main(int count, char **words) {
  if (count != 5) return 64;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = stop;
  sigaction(SIGTERM, &action, NULL);
  belfry_sender sender;
  end_if(belfry_open(&sender, words[1], words[2], memory, sizeof memory), &sender);
  sender.timeout_ms = -1;
  for (unsigned long round = 0; !is_over; round++) {
    tick(&sender, atoi(words[3]), round, atoi(words[4]));
    struct timespec pause = {0, 1000000000 / ticks};
    nanosleep(&pause, NULL);
  }
  end_if(belfry_flush(&sender), &sender);
  belfry_close(&sender);
  printf("%lu %lu %lu\n", sent[load], sent[slow], sent[noise]);
  return 0;
}
