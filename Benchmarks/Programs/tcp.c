// SPDX-License-Identifier: Apache-2.0
// A TCP connection for each message: for launchers that start a program per connection, tcpserver, xinetd and systemd.
//
// Each of `--connections` clients connects, writes the body, ends its direction, and waits for the other side to close,
// which is when the program has ended. That counts as accepted.
#include "kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { events_at_once = 64, look_again = 100000000 };

struct clients {
  struct options *options;
  struct pace pace;
  struct shape shape;
  int poller;
  uint64_t idle, sent, accepted;
};

static void begin(struct clients *clients) {
  int descriptor = dial(clients->options, SOCK_STREAM);
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = descriptor};
  digits_put(clients->shape.bytes + clients->shape.digits_at, clients->sent);
  pace_sent(&clients->pace, ++clients->sent);
  clients->idle--;
  write_all(descriptor, clients->shape.bytes, clients->shape.length);
  if (shutdown(descriptor, SHUT_WR)) die_errno("shutdown");
  if (epoll_ctl(clients->poller, EPOLL_CTL_ADD, descriptor, &event)) die_errno("epoll_ctl");
}

// What the program says is passed over.
static void hear(struct clients *clients, int descriptor) {
  char words[4096];
  ssize_t length = read(descriptor, words, sizeof words);
  if (length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR))) return;
  if (length < 0) board_add(&clients->pace.board, word_errors, 1);
  else clients->accepted++;
  close(descriptor);
  clients->idle++;
}

static void wait_for(struct clients *clients, uint64_t nanoseconds) {
  struct epoll_event events[events_at_once];
  struct timespec wait = {.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)};
  int count = epoll_pwait2(clients->poller, events, events_at_once, &wait, NULL);
  if (count < 0 && errno != EINTR) die_errno("epoll_pwait2");
  for (int i = 0; i < count; i++) hear(clients, events[i].data.fd);
  if (count <= 0) return;
  board_set(&clients->pace.board, word_accepted, clients->accepted);
  board_set(&clients->pace.board, word_last_accepted, now_ns());
}

static uint64_t until_due(const struct clients *clients) {
  const struct pace *pace = &clients->pace;
  uint64_t now = now_ns(), due = pace->start + clients->sent * pace->interval;
  if (!clients->idle || clients->sent == pace->count || due <= now || due - now > look_again) return look_again;
  return due - now;
}

void publish_tcp(struct options *options) {
  struct clients clients = {.options = options, .idle = options->connections};
  clients.shape = shape_make("", 0, options->size, "", 0);
  clients.poller = epoll_create1(EPOLL_CLOEXEC);
  if (clients.poller < 0) die_errno("epoll_create1");
  pace_begin(&clients.pace, options, UINT64_MAX / 2);
  while (!board_stopped(&clients.pace.board)) {
    uint64_t due = pace_due(&clients.pace, clients.pace.interval ? now_ns() : 0);
    while (clients.idle && clients.sent < due) begin(&clients);
    if (clients.sent == clients.pace.count && clients.idle == options->connections) break;
    wait_for(&clients, until_due(&clients));
  }
  pace_print(&clients.pace, options);
}
