// SPDX-License-Identifier: Apache-2.0
// Syslog, RFC 5424: by UDP, and by TCP with octet counting (RFC 6587). `--size` is that of the whole syslog message.
//
// Nobody acks. The backlog by TCP stays below the 50,000 messages of rsyslog's main queue, which discards beyond them.
#include "kinds.h"
#include "sender.h"

#include <stdio.h>
#include <string.h>

enum { longest_start = 256 };
static const char before[] = "<30>1 2026-11-21T00:00:00.000000Z bench publish - - - ";

static size_t body_of(const struct options *options) {
  size_t length = sizeof before - 1;
  if (options->size < length + shortest_body) die("a syslog message has %zu bytes at least", length + shortest_body);
  return options->size - length;
}

void publish_syslog_udp(struct options *options) {
  datagrams_send(options, shape_make(before, sizeof before - 1, body_of(options), "", 0));
}

static size_t take(struct sender *sender, struct connection *connection, const uint8_t *bytes, size_t length) {
  (void)sender;
  (void)connection;
  die("the receiver answers: %.*s", (int)length, bytes);
}

void publish_syslog_tcp(struct options *options) {
  char start[longest_start];
  int length = snprintf(start, sizeof start, "%llu %s", (unsigned long long)options->size, before);
  struct protocol protocol = {
      .shape = shape_make(start, (size_t)length, body_of(options), "", 0), .take = take, .backlog = 40000};
  sender_run(protocol, options);
}
