// SPDX-License-Identifier: Apache-2.0
// Publishing over streams: one process, any number of connections, epoll, 64 KiB writes; the same for all protocols.
//
// A protocol says what a message looks like (a shape that is copied and numbered), what opens a connection, and what
// an answer means. Invariant: every message leaves once; where the protocol acks, all are acked at the end.
#ifndef SENDER_H
#define SENDER_H
#include "bench.h"

struct connection {
  int descriptor;
  bool is_ready, is_blocked;
  uint8_t *out;            // what is to be written: out[start..<end]
  size_t start, end;
  uint8_t *rest;           // the beginning of an answer whose end has not come yet
  size_t rest_length;
  uint64_t sent, accepted; // messages of this connection
  uint64_t own;            // the protocol's
};

struct sender;
struct protocol {
  struct shape shape;
  // What the broker hears first, in connection->out; is_ready if nothing need be waited for.
  void (*greet)(struct sender *sender, struct connection *connection);
  // Takes whole answers, tells how many bytes they were; says connection_ready and connection_accepted.
  size_t (*take)(struct sender *sender, struct connection *connection, const uint8_t *bytes, size_t length);
  // Numbers a copied message as the protocol wants it; may be NULL.
  void (*number)(struct connection *connection, uint8_t *message);
  bool acks;               // every message is answered: the run ends when all are
  uint64_t window;         // sent and not answered, for each connection, if nothing else was said; 0: no limit
  uint64_t backlog;        // sent and not received by the scoreboard, in all, likewise
  uint64_t per_connection; // sent and not answered on each; 0: no limit
};

struct sender {
  struct protocol protocol;
  struct options *options;
  struct pace pace;
  struct connection *connections;
  int poller;
  uint64_t count, window, ready, blocked, sent, accepted, next, quantum, moved;
  uint8_t *input;
};

void sender_run(struct protocol protocol, struct options *options);
void connection_ready(struct sender *sender, struct connection *connection);
void connection_accepted(struct sender *sender, struct connection *connection, uint64_t messages);
void connection_refused(struct sender *sender, struct connection *connection);
// For greetings and for answers that the protocol owes: there is always room for a few.
void connection_put(struct connection *connection, const void *bytes, size_t length);
#endif
