// SPDX-License-Identifier: Apache-2.0
// NATS core (docs.nats.io, "Client Protocol"): PUB and MSG, no acks.
//
// The server cuts off a subscriber who lags too far behind (64 MiB by its default), so the publisher keeps a backlog:
// as large as fits with room to spare, so that it costs no speed.
#include "nats.h"
#include "kinds.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { longest_line = 4096 };
static const uint64_t largest_backlog = 32 << 20; // bytes

const char nats_hello[] =
    "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,\"lang\":\"c\","
    "\"version\":\"1\",\"protocol\":1}\r\nPING\r\n";

// The last number of a line, and where the word before it begins and ends.
static size_t parse_message(const uint8_t *bytes, const uint8_t *end, struct nats_line *line) {
  const uint8_t *at = end, *words[5];
  int count = 0;
  size_t length = 0;
  for (const uint8_t *word = bytes; count < 5;) {
    words[count++] = word;
    while (word < end && *word != ' ') word++;
    if (word == end) break;
    word++;
  }
  for (at = words[count - 1]; at < end; at++) length = length * 10 + (*at - (unsigned)'0');
  // MSG subject sid [reply] length
  line->reply = count == 5 ? words[3] : NULL;
  line->reply_length = count == 5 ? (size_t)(words[4] - words[3] - 1) : 0;
  return length;
}

size_t nats_parse(const uint8_t *bytes, size_t length, struct nats_line *line) {
  const uint8_t *newline = memchr(bytes, '\n', length);
  if (!newline) return 0;
  size_t whole = (size_t)(newline - bytes) + 1;
  line->kind = nats_other;
  if (bytes[0] == 'M') {
    line->kind = nats_message;
    line->length = parse_message(bytes, newline - 1, line);
    line->body = newline + 1;
    whole += line->length + 2;
    return whole <= length ? whole : 0;
  }
  if (bytes[0] == 'P') line->kind = bytes[1] == 'I' ? nats_ping : nats_pong;
  if (bytes[0] == '-') line->kind = nats_error;
  line->body = bytes;
  line->length = whole;
  return whole;
}

void nats_greet(struct sender *sender, struct connection *connection) {
  (void)sender;
  connection_put(connection, nats_hello, strlen(nats_hello));
}

static size_t take(struct sender *sender, struct connection *connection, const uint8_t *bytes, size_t length) {
  struct nats_line line;
  size_t at = 0, size;
  while ((size = nats_parse(bytes + at, length - at, &line))) {
    at += size;
    if (line.kind == nats_ping) connection_put(connection, "PONG\r\n", 6);
    if (line.kind == nats_pong) connection_ready(sender, connection);
    if (line.kind == nats_error) die("nats: %.*s", (int)line.length, line.body);
  }
  return at;
}

static const char *topic_of(const struct options *options) { return options->topic ? options->topic : "bench"; }

void publish_nats(struct options *options) {
  char start[longest_line];
  int length = snprintf(start, sizeof start, "PUB %s %llu\r\n", topic_of(options), (unsigned long long)options->size);
  uint64_t backlog = largest_backlog / (options->size + 64);
  struct protocol protocol = {.shape = shape_make(start, (size_t)length, options->size, "\r\n", 2),
                              .greet = nats_greet,
                              .take = take,
                              .backlog = backlog < 200000 ? backlog + 1 : 200000};
  sender_run(protocol, options);
}

static void wait_for_pong(struct reader *reader, const struct board *board) {
  struct nats_line line = {.kind = nats_other};
  while (line.kind != nats_pong) {
    size_t size = nats_parse(reader_at(reader), reader_left(reader), &line);
    reader->start += size;
    if (!size) line.kind = nats_other, reader_need(reader, board, reader_left(reader) + 1);
    if (line.kind == nats_error) die("nats: %.*s", (int)line.length, line.body);
  }
}

struct reader nats_subscribe(const struct options *options, const struct board *board, const char *subject) {
  char words[longest_line];
  struct reader reader = reader_open(dial(options, SOCK_STREAM));
  int length = snprintf(words, sizeof words, "SUB %s 1\r\n%s", subject, nats_hello);
  // CONNECT has to be the first.
  write_all(reader.descriptor, nats_hello, strlen(nats_hello));
  wait_for_pong(&reader, board);
  write_all(reader.descriptor, words, (size_t)length);
  wait_for_pong(&reader, board);
  return reader;
}

void consume_nats(struct options *options) {
  struct tally tally;
  tally_open(&tally, options->boards[0]);
  struct reader reader = nats_subscribe(options, &tally.board, topic_of(options));
  tally_ready(&tally);
  while (reader_fill(&reader, &tally.board)) {
    struct nats_line line;
    size_t size;
    tally_begin(&tally);
    while ((size = nats_parse(reader_at(&reader), reader_left(&reader), &line))) {
      reader.start += size;
      if (line.kind == nats_message) tally_take(&tally, line.body, line.length);
      if (line.kind == nats_ping) write_all(reader.descriptor, "PONG\r\n", 6);
      if (line.kind == nats_error) die("nats: %.*s", (int)line.length, line.body);
    }
    tally_end(&tally);
  }
  tally_print(&tally, options, 1);
}
