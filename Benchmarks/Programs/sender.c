// SPDX-License-Identifier: Apache-2.0
// See sender.h. Edge-triggered, so that a connection costs one system call to register and none to wait for.
#include "sender.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { spare = 4096, events_at_once = 64, longest_rest = 32 * 1024, patience = 10 };
enum { look_again = 100000000 }; // ns

void connection_ready(struct sender *sender, struct connection *connection) {
  if (!connection->is_ready) sender->ready++;
  connection->is_ready = true;
}

void connection_accepted(struct sender *sender, struct connection *connection, uint64_t messages) {
  connection->accepted += messages;
  sender->accepted += messages;
}

void connection_refused(struct sender *sender, struct connection *connection) {
  (void)connection;
  board_add(&sender->pace.board, word_errors, 1);
}

void connection_put(struct connection *connection, const void *bytes, size_t length) {
  memcpy(connection->out + connection->end, bytes, length);
  connection->end += length;
}

static void flush(struct sender *sender, struct connection *connection) {
  while (connection->start < connection->end) {
    ssize_t written = write(connection->descriptor, connection->out + connection->start,
                            connection->end - connection->start);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != EAGAIN) die_errno("write to the broker");
    if (written < 0) {
      connection->is_blocked = true;
      sender->blocked++;
      return;
    }
    connection->start += (size_t)written;
  }
  connection->start = connection->end = 0;
}

static void take(struct sender *sender, struct connection *connection, size_t length) {
  size_t taken = sender->protocol.take(sender, connection, sender->input, length);
  connection->rest_length = length - taken;
  if (connection->rest_length > longest_rest) die("the broker's answer has no end");
  if (connection->rest_length) {
    if (!connection->rest) connection->rest = malloc(longest_rest);
    memcpy(connection->rest, sender->input + taken, connection->rest_length);
  }
}

static void receive(struct sender *sender, struct connection *connection) {
  for (;;) {
    size_t kept = connection->rest_length;
    if (kept) memcpy(sender->input, connection->rest, kept);
    ssize_t length = read(connection->descriptor, sender->input + kept, chunk);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) return;
    if (length < 0) die_errno("read from the broker");
    if (length == 0) die("the broker closed a connection");
    take(sender, connection, kept + (size_t)length);
    if (connection->end && !connection->is_blocked) flush(sender, connection);
    sender->moved = now_ns();
    if (length < chunk) return; // a short read has emptied the socket
  }
}

// Hears what there is to hear, and waits so long for it; 0: only looks.
static void wait_for(struct sender *sender, uint64_t nanoseconds) {
  struct epoll_event events[events_at_once];
  struct timespec wait = {.tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)};
  uint64_t accepted = sender->accepted;
  int count = epoll_pwait2(sender->poller, events, events_at_once, &wait, NULL);
  if (count < 0 && errno != EINTR) die_errno("epoll_pwait2");
  for (int i = 0; i < count; i++) {
    struct connection *connection = &sender->connections[events[i].data.u64];
    if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) receive(sender, connection);
    if (events[i].events & EPOLLOUT && connection->is_blocked) {
      connection->is_blocked = false;
      sender->blocked--;
      flush(sender, connection);
    }
  }
  if (accepted == sender->accepted) return;
  board_set(&sender->pace.board, word_accepted, sender->accepted);
  board_set(&sender->pace.board, word_last_accepted, now_ns());
}

static void open_all(struct sender *sender) {
  size_t shape = sender->protocol.shape.length;
  for (uint64_t i = 0; i < sender->count; i++) {
    struct connection *connection = &sender->connections[i];
    connection->descriptor = dial(sender->options, SOCK_STREAM);
    connection->out = malloc(chunk + shape + spare);
    fcntl(connection->descriptor, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u64 = i};
    if (epoll_ctl(sender->poller, EPOLL_CTL_ADD, connection->descriptor, &event)) die_errno("epoll_ctl");
    if (sender->protocol.greet) sender->protocol.greet(sender, connection);
    else connection_ready(sender, connection);
    flush(sender, connection);
  }
  uint64_t deadline = now_ns() + 10000000000u;
  while (sender->ready < sender->count && !interrupted) {
    wait_for(sender, look_again);
    if (now_ns() > deadline) die("the broker does not answer the greeting");
  }
}

// How many messages may have left by that time, all connections together.
static uint64_t limit_at(const struct sender *sender, uint64_t time) {
  const struct pace *pace = &sender->pace;
  uint64_t due = pace_due(pace, time);
  uint64_t by_answers = sender->accepted + sender->window, by_receipts = pace_limit(pace, sender->sent);
  uint64_t limit = by_answers < by_receipts ? by_answers : by_receipts;
  return due < limit ? due : limit;
}

static bool may_send(const struct sender *sender, const struct connection *connection) {
  uint64_t most = sender->protocol.per_connection;
  return !connection->is_blocked && (!most || connection->sent - connection->accepted < most);
}

// As many messages as fit one write, up to the quantum.
static uint64_t fill(struct sender *sender, struct connection *connection, uint64_t allowed) {
  const struct protocol *protocol = &sender->protocol;
  uint64_t count = 0, most = allowed < sender->quantum ? allowed : sender->quantum;
  uint64_t open = connection->sent - connection->accepted;
  if (protocol->per_connection && most > protocol->per_connection - open) most = protocol->per_connection - open;
  while (count < most && (!count || connection->end + protocol->shape.length <= chunk)) {
    uint8_t *message = connection->out + connection->end;
    connection->end += shape_copy(&protocol->shape, message, sender->sent + count);
    connection->sent++;
    if (protocol->number) protocol->number(connection, message);
    count++;
  }
  return count;
}

// One round over the connections; false if none could send.
static bool send_round(struct sender *sender, uint64_t limit) {
  uint64_t before = sender->sent, turns = sender->count < events_at_once ? sender->count : events_at_once;
  for (uint64_t looked = 0; looked < sender->count && turns && sender->sent < limit; looked++) {
    struct connection *connection = &sender->connections[sender->next];
    sender->next = sender->next + 1 == sender->count ? 0 : sender->next + 1;
    if (!may_send(sender, connection)) continue;
    turns--;
    sender->sent += fill(sender, connection, limit - sender->sent);
    pace_sent(&sender->pace, sender->sent); // before the write: a receipt may be seen before it returns
    flush(sender, connection);
  }
  if (sender->sent == before) return false;
  sender->moved = sender->pace.interval ? sender->moved : now_ns();
  return true;
}

static bool is_done(const struct sender *sender) {
  if (sender->sent < sender->pace.count || sender->blocked) return false;
  return !sender->protocol.acks || sender->accepted + board_get(&sender->pace.board, word_errors) >= sender->sent;
}

// How long there is nothing to do but by an event. The stop word is looked at ten times a second.
// `looked` is when all that was due had been sent. A message may have become due since then, and no event tells of it.
static uint64_t idle_for(const struct sender *sender, uint64_t looked) {
  const struct pace *pace = &sender->pace;
  if (sender->sent == pace->count) return look_again;
  uint64_t due = pace->start + sender->sent * pace->interval;
  if (pace->interval && looked < due) {
    uint64_t now = now_ns();
    return now >= due ? 0 : due - now < look_again ? due - now : look_again;
  }
  // No event tells of receipts; an answer or room in a socket does.
  return pace_limit(pace, sender->sent) > sender->sent ? look_again : pace_nap;
}

static void check_progress(struct sender *sender) {
  uint64_t received = pace_received(&sender->pace), now = now_ns();
  if (received != sender->pace.last_received || (sender->pace.interval && sender->sent < sender->pace.count))
    sender->moved = now;
  sender->pace.last_received = received;
  if (now > sender->moved && now - sender->moved > patience * 1000000000ull)
    die("nothing moved for %d s: %llu sent, %llu accepted, %llu received", patience, (unsigned long long)sender->sent,
        (unsigned long long)sender->accepted, (unsigned long long)received);
}

// An orderly end: what is closed with answers unread is reset, and the broker may lose what it has not read.
static void hang_up(struct sender *sender) {
  for (uint64_t i = 0; i < sender->count; i++) shutdown(sender->connections[i].descriptor, SHUT_WR);
  for (uint64_t i = 0; i < sender->count; i++) {
    struct pollfd ready = {.fd = sender->connections[i].descriptor, .events = POLLIN};
    while (poll(&ready, 1, 1000) == 1 && read(ready.fd, sender->input, chunk) > 0) {}
    close(ready.fd);
  }
}

void sender_run(struct protocol protocol, struct options *options) {
  struct sender sender = {.protocol = protocol, .options = options, .count = options->connections};
  sender.connections = calloc(sender.count, sizeof *sender.connections);
  sender.input = malloc(chunk + longest_rest);
  sender.poller = epoll_create1(EPOLL_CLOEXEC);
  if (!sender.connections || !sender.input || sender.poller < 0) die_errno("epoll_create1");
  open_all(&sender);
  const uint64_t no_limit = UINT64_MAX / 2, given = options->window, usual = protocol.window * sender.count;
  sender.window = protocol.acks && given ? given : protocol.acks && usual ? usual : no_limit;
  // Where nothing is answered, the window is one of receipts.
  uint64_t backlog = !protocol.acks && given ? given : protocol.backlog ? protocol.backlog : no_limit;
  pace_begin(&sender.pace, options, backlog);
  // Every connection gets its turn several times; by a schedule each message takes the next one.
  sender.quantum = sender.pace.count / sender.count / 8 + 1;
  if (options->batch) sender.quantum = options->batch;
  else if (sender.pace.interval && sender.count > 1) sender.quantum = 1;
  sender.moved = now_ns();
  while (!is_done(&sender) && !board_stopped(&sender.pace.board)) {
    uint64_t looked = now_ns();
    bool sent = send_round(&sender, limit_at(&sender, looked));
    if (is_done(&sender)) break;
    if (!sent) check_progress(&sender);
    wait_for(&sender, sent && sender.sent < limit_at(&sender, looked) ? 0 : idle_for(&sender, looked));
  }
  hang_up(&sender);
  pace_print(&sender.pace, options);
}
