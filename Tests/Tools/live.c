// SPDX-License-Identifier: Apache-2.0
// Many living connections of the native protocol, and how long each message waits for its ack. Used by the proof of
// upgrades in SystemTests.
//
//   live PORT CONNECTIONS RATE    until SIGTERM, then waits until all is accepted, and prints
//                                 `connections N sent S resets R refused E median M p99 P worst W` (microseconds), and
//                                 in a second line how many each connection has sent
//
// The connections send in turn, RATE messages a second in all under `live`; the body is `CONNECTION NUMBER`, both from 0. Each eighth frame is begun in one write and ended in a later one. A broken connection is made anew and goes on as
// docs/protocol.md says. A wait begins when the message was due, so that no pause hides behind another.
// Invariant: what it prints as sent has been accepted, each number once.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most = 4096, window = 64, header = 8, hello = 1, welcome = 2, publish = 3, ack = 4, error = 5 };
enum { halves = 8, patience = 60 };

struct connection {
  int fd;
  uint8_t id[16];
  // Numbers of the protocol begin with 1: `next` is the one to be written next, `acked` the last accepted one.
  uint64_t next, acked;
  int64_t due[window];
  uint8_t output[4096], input[4096];
  size_t unsent, unread;
  // Bytes of the last frame that wait for the next tick.
  size_t held;
  int is_open;
};

static struct connection all[most];
static int port, count, poller;
static uint64_t resets, refused, waits;
static uint32_t *wait_times;
static size_t room;
static volatile sig_atomic_t is_over;

static void stop(int signal) {
  (void)signal;
  is_over = 1;
}

static void fail(const char *what) {
  fprintf(stderr, "live: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void put(uint8_t *to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static uint64_t get(const uint8_t *from, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++) value = value << 8 | from[i];
  return value;
}

static size_t frame(uint8_t *to, uint8_t type, size_t length) {
  memcpy(to, (uint8_t[]){0xB5, 1, type, 0}, 4);
  put(to + 4, length, 4);
  return header + length;
}

static void append_message(struct connection *c, uint64_t number) {
  char body[32];
  size_t length = (size_t)snprintf(body, sizeof body, "%ld %llu", (long)(c - all), (unsigned long long)number - 1);
  uint8_t *to = c->output + c->unsent;
  put(to + header, number, 8);
  put(to + header + 8, 4, 2);
  memcpy(to + header + 10, "live", 4);
  memcpy(to + header + 14, body, length);
  c->unsent += frame(to, publish, 14 + length);
}

static void connect_to_belfry(struct connection *c) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (c->fd < 0) fail("socket");
  while (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0)
    if (errno != EINTR) fail("connect");
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)(c - all)};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) < 0) fail("epoll_ctl");
  c->unread = c->held = 0;
  c->is_open = 0;
  memcpy(c->output + header, c->id, sizeof c->id);
  c->unsent = frame(c->output, hello, sizeof c->id);
}

static void reconnect(struct connection *c) {
  resets++;
  close(c->fd);
  connect_to_belfry(c);
}

static void flush(struct connection *c) {
  size_t ready = c->unsent - c->held;
  if (ready == 0) return;
  ssize_t put = send(c->fd, c->output, ready, MSG_NOSIGNAL);
  if (put < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (put < 0) return reconnect(c);
  memmove(c->output, c->output + put, c->unsent - (size_t)put);
  c->unsent -= (size_t)put;
}

static void accepted(struct connection *c, uint64_t number) {
  int64_t time = now();
  for (; c->acked < number; c->acked++) {
    if (waits < room) wait_times[waits++] = (uint32_t)((time - c->due[(c->acked + 1) % window]) / 1000);
  }
}

static void take(struct connection *c, uint8_t type, const uint8_t *payload) {
  switch (type) {
  case welcome:
    // What was accepted and not told counts from now.
    accepted(c, get(payload, 8));
    c->is_open = 1;
    for (uint64_t number = c->acked + 1; number < c->next; number++) append_message(c, number);
    break;
  case ack: accepted(c, get(payload, 8)); break;
  case error: refused++; break;
  default: break;
  }
}

static void hear(struct connection *c) {
  ssize_t got = recv(c->fd, c->input + c->unread, sizeof c->input - c->unread, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return reconnect(c);
  c->unread += (size_t)got;
  size_t done = 0;
  while (c->unread - done >= header) {
    size_t length = get(c->input + done + 4, 4);
    if (length > sizeof c->input - header) fail("a frame that is too long");
    if (c->unread - done < header + length) break;
    take(c, c->input[done + 2], c->input + done + header);
    done += header + length;
  }
  memmove(c->input, c->input + done, c->unread - done);
  c->unread -= done;
}

/// Gives whether there was room.
static int send_next(struct connection *c, int64_t due) {
  if (c->next - c->acked > window - 1) return 0;
  c->due[c->next % window] = due;
  if (c->is_open) {
    size_t before = c->unsent;
    append_message(c, c->next);
    c->held = c->next % halves == 0 ? (c->unsent - before) / 2 : 0;
    flush(c);
    c->held = 0;
  }
  c->next++;
  return 1;
}

static int compare(const void *one, const void *other) {
  uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
  return (a > b) - (a < b);
}

static void report(void) {
  uint64_t sent = 0;
  for (int i = 0; i < count; i++) sent += all[i].acked;
  qsort(wait_times, waits, sizeof *wait_times, compare);
  printf("connections %d sent %llu resets %llu refused %llu median %u p99 %u worst %u\n", count, (unsigned long long)sent,
         (unsigned long long)resets, (unsigned long long)refused, waits ? wait_times[waits / 2] : 0,
         waits ? wait_times[waits - 1 - waits / 100] : 0, waits ? wait_times[waits - 1] : 0);
  for (int i = 0; i < count; i++) printf("%llu%c", (unsigned long long)all[i].acked, i + 1 < count ? ' ' : '\n');
}

static void turn(int timeout) {
  struct epoll_event events[256];
  int ready = epoll_wait(poller, events, 256, timeout);
  for (int i = 0; i < ready; i++) hear(&all[events[i].data.u32]);
  for (int i = 0; i < count; i++)
    if (all[i].unsent) flush(&all[i]);
}

static int is_unacked(void) {
  for (int i = 0; i < count; i++)
    if (all[i].acked + 1 < all[i].next) return 1;
  return 0;
}

int main(int words_count, char **words) {
  if (words_count != 4) return 64;
  port = atoi(words[1]);
  count = atoi(words[2]);
  int64_t gap = 1000000000LL / atoi(words[3]);
  if (count < 1 || count > most) return 64;
  room = 1 << 24;
  wait_times = calloc(room, sizeof *wait_times);
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (!wait_times || poller < 0) fail("start");
  struct sigaction action = {.sa_handler = stop};
  sigaction(SIGTERM, &action, NULL);
  for (int i = 0; i < count; i++) {
    put(all[i].id, (uint64_t)getpid(), 8);
    put(all[i].id + 8, (uint64_t)i + 1, 8);
    all[i].next = 1;
    connect_to_belfry(&all[i]);
  }
  int64_t due = now();
  for (uint64_t sent = 0; !is_over;) {
    int64_t time = now();
    while (due <= time && send_next(&all[sent % (uint64_t)count], due)) {
      due += gap;
      sent++;
    }
    turn(1);
  }
  int64_t end = now() + patience * 1000000000LL;
  while (is_unacked() && now() < end) turn(1);
  if (is_unacked()) {
    fprintf(stderr, "live: something was not accepted within %d s\n", patience);
    return 1;
  }
  report();
  return 0;
}
