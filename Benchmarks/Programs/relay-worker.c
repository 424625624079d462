// SPDX-License-Identifier: Apache-2.0
// See relay.h. The half that stands for Belfry's worker: sleeps on a bell, writes what is new in one call, and looks at
// the answers twice a millisecond, while messages wake it anyway.
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { look_at_answers = 500000, fixed = 52, most_bytes = 1 << 20 }; // ns; bytes of a DELIVER before its body

struct outlet {
  int to, from;
  uint64_t number, looked;
  size_t length;
  uint8_t bytes[most_bytes + fixed + relay_longest + 64];
};

static void exec_program(const struct relay *relay, int in, int out) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (relay->frames) {
    dup2(in, 3);
    if (in == 3) fcntl(3, F_SETFD, 0);
  } else {
    dup2(in, 0);
    dup2(out, 1);
  }
  execv(relay->program[0], relay->program);
  die_errno(relay->program[0]);
}

static void start(const struct relay *relay, struct outlet *outlet) {
  int there[2], back[2] = {-1, -1};
  if (relay->frames ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, there) : pipe2(there, O_CLOEXEC))
    die_errno("socketpair");
  if (!relay->frames && pipe2(back, O_CLOEXEC)) die_errno("pipe2");
  pid_t child = fork();
  if (child < 0) die_errno("fork");
  if (!child) exec_program(relay, there[0], back[1]);
  close(there[0]);
  if (!relay->frames) close(back[1]);
  outlet->to = there[1];
  outlet->from = relay->frames ? there[1] : back[0];
  fcntl(outlet->from, F_SETFL, O_NONBLOCK);
}

static void put(uint8_t *at, uint64_t value) {
  value = __builtin_bswap64(value);
  memcpy(at, &value, sizeof value);
}

static void add_frame(struct outlet *outlet, const struct relay_slot *slot) {
  uint8_t *at = outlet->bytes + outlet->length;
  memset(at, 0, 8 + fixed);
  put(at, 0xB501110000000000 | (fixed + slot->length));
  put(at + 8, ++outlet->number);
  at[8 + fixed - 1] = fixed; // how long the fixed part is
  memcpy(at + 8 + fixed, slot->bytes, slot->length);
  outlet->length += 8 + fixed + slot->length;
}

static void add_line(struct outlet *outlet, const struct relay_slot *slot) {
  memcpy(outlet->bytes + outlet->length, slot->bytes, slot->length);
  outlet->bytes[outlet->length + slot->length] = '\n';
  outlet->length += slot->length + 1;
}

static void flush(struct outlet *outlet) {
  write_all(outlet->to, outlet->bytes, outlet->length);
  outlet->length = 0;
}

static void look(struct outlet *outlet) {
  static uint8_t answers[chunk];
  uint64_t now = now_ns();
  if (now - outlet->looked < look_at_answers) return;
  outlet->looked = now;
  ssize_t length = read(outlet->from, answers, sizeof answers);
  if (length == 0 || (length < 0 && errno != EAGAIN)) _exit(0);
}

static bool is_still(struct relay_ring *ring, uint64_t seen) {
  __atomic_store_n(&ring->sleeping, 1, __ATOMIC_SEQ_CST);
  return __atomic_load_n(&ring->head, __ATOMIC_SEQ_CST) == seen;
}

void relay_worker(const struct relay *relay) {
  static struct outlet outlet;
  struct epoll_event events[4];
  struct relay_ring *ring = relay->ring;
  int poller = epoll_create1(EPOLL_CLOEXEC);
  uint64_t next = 0;
  relay_watch(poller, relay->bell, EPOLLIN | EPOLLET);
  start(relay, &outlet);
  for (;;) {
    uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
    for (; next < head && outlet.length < most_bytes; next++) {
      const struct relay_slot *slot = &ring->slots[next % relay_slots];
      if (relay->frames) add_frame(&outlet, slot);
      else add_line(&outlet, slot);
    }
    flush(&outlet);
    __atomic_store_n(&ring->tail, next, __ATOMIC_RELEASE);
    look(&outlet);
    if (is_still(ring, next)) epoll_wait(poller, events, 4, -1);
    __atomic_store_n(&ring->sleeping, 0, __ATOMIC_RELAXED);
  }
}
