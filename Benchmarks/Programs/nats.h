// SPDX-License-Identifier: Apache-2.0
// What publishers and consumers over NATS, core and JetStream, share: its lines.
#ifndef NATS_H
#define NATS_H
#include "reader.h"
#include "sender.h"

enum nats_kind { nats_message, nats_ping, nats_pong, nats_error, nats_other };

struct nats_line {
  enum nats_kind kind;
  const uint8_t *reply, *body; // of a message; reply is NULL if it has none. Of an error: its words
  size_t reply_length, length;
};

// Takes one line, with its body if it is a message. How many bytes that was; 0: it is not whole yet.
size_t nats_parse(const uint8_t *bytes, size_t length, struct nats_line *line);
// CONNECT and a PING, whose PONG says that the server has read it.
void nats_greet(struct sender *sender, struct connection *connection);
extern const char nats_hello[];
// A consumer's connection: greeted, and subscribed to the subject.
struct reader nats_subscribe(const struct options *options, const struct board *board, const char *subject);
#endif
