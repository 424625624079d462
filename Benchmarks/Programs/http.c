// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1: a POST for each message, kept alive, one at a time on each connection (`--connections` is the clients).
//
// `--topic` is the path. The content is a JSON object with the body in its member `m`: launchers like webhook take from
// a JSON payload what they hand to a command.
#include "kinds.h"
#include "sender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { longest_start = 1024 };

// One response with a Content-Length. How many bytes that was; 0: it is not whole yet.
static size_t parse(const uint8_t *bytes, size_t length, bool *is_good) {
  const char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (!end) return 0;
  size_t head = (size_t)(end - (const char *)bytes) + 4;
  const char *field = memmem(bytes, head, "Content-Length: ", 16);
  if (!field) die("http: a response without a length: %.*s", (int)head, bytes);
  size_t whole = head + strtoul(field + 16, NULL, 10);
  *is_good = !memcmp(bytes + 9, "200", 3);
  return whole <= length ? whole : 0;
}

static size_t take(struct sender *sender, struct connection *connection, const uint8_t *bytes, size_t length) {
  size_t at = 0, size;
  bool is_good;
  while ((size = parse(bytes + at, length - at, &is_good))) {
    if (!is_good) die("http: %.*s", (int)size, bytes + at);
    connection_accepted(sender, connection, 1);
    at += size;
  }
  return at;
}

void publish_http(struct options *options) {
  char start[longest_start];
  int length = snprintf(start, sizeof start,
                        "POST %s HTTP/1.1\r\nHost: %s:%s\r\nContent-Type: application/json\r\n"
                        "Content-Length: %llu\r\n\r\n{\"m\":\"",
                        options->topic ? options->topic : "/hooks/bench", options->host, options->port,
                        (unsigned long long)options->size + 8);
  struct protocol protocol = {.shape = shape_make(start, (size_t)length, options->size, "\"}", 2),
                              .take = take,
                              .acks = true,
                              .per_connection = 1};
  sender_run(protocol, options);
}
