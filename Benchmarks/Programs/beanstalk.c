// SPDX-License-Identifier: Apache-2.0
// beanstalkd (its doc/protocol.txt): put with an answer for each, reserve and delete; up to 64 under way, pipelined.
//
// A connection that waits in `reserve` does nothing else, deletes behind it included. So the consumer asks in batches:
// one `reserve` that waits, and as many that don't as the last batch was worth; deletes go before, in the same write.
#include "kinds.h"
#include "reader.h"
#include "sender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { longest_command = 512, default_window = 64 };

static const char *topic_of(const struct options *options) { return options->topic ? options->topic : "bench"; }

static void greet(struct sender *sender, struct connection *connection) {
  char command[longest_command];
  int length = snprintf(command, sizeof command, "use %s\r\n", topic_of(sender->options));
  connection_put(connection, command, (size_t)length);
}

static size_t take(struct sender *sender, struct connection *connection, const uint8_t *bytes, size_t length) {
  size_t at = 0;
  const uint8_t *newline;
  uint64_t inserted = 0;
  while (at < length && (newline = memchr(bytes + at, '\n', length - at))) {
    const uint8_t *line = bytes + at;
    at = (size_t)(newline - bytes) + 1;
    if (!memcmp(line, "INSERTED ", 9)) inserted++;
    else if (!memcmp(line, "USING ", 6)) connection_ready(sender, connection);
    else die("beanstalkd: %.*s", (int)(newline - line), line);
  }
  connection_accepted(sender, connection, inserted);
  return at;
}

void publish_beanstalk(struct options *options) {
  char start[longest_command];
  int length = snprintf(start, sizeof start, "put 0 0 60 %llu\r\n", (unsigned long long)options->size);
  struct protocol protocol = {.shape = shape_make(start, (size_t)length, options->size, "\r\n", 2),
                              .greet = greet,
                              .take = take,
                              .acks = true,
                              .window = default_window};
  sender_run(protocol, options);
}

struct batch {
  struct answers answers;
  uint64_t asked, reserved, timed_out, most;
};

static void put(struct batch *batch, const char *words, size_t length) {
  memcpy(answers_room(&batch->answers, length), words, length);
  batch->answers.length += length;
}

// A little more than there was last time, so that a steady trickle costs one wait and one look.
static void ask(struct batch *batch) {
  static const char wait[] = "reserve\r\n", look[] = "reserve-with-timeout 0\r\n";
  uint64_t looks = batch->timed_out ? batch->reserved : 2 * batch->reserved;
  if (looks >= batch->most) looks = batch->most - 1;
  if (batch->reserved <= 1 && batch->timed_out) looks = 0;
  put(batch, wait, sizeof wait - 1);
  for (uint64_t i = 0; i < looks; i++) put(batch, look, sizeof look - 1);
  batch->asked = 1 + looks;
  batch->reserved = batch->timed_out = 0;
  answers_write(&batch->answers);
}

// One answer: RESERVED ID LENGTH with a body, TIMED_OUT, or DELETED. False: it is not whole yet.
static bool take_answer(struct batch *batch, struct reader *reader, struct tally *tally) {
  const uint8_t *line = reader_at(reader), *newline = memchr(line, '\n', reader_left(reader));
  if (!newline) return false;
  size_t whole = (size_t)(newline - line) + 1;
  if (!memcmp(line, "RESERVED ", 9)) {
    char *end;
    const char *id = (const char *)line + 9;
    strtoull(id, &end, 10);
    size_t id_length = (size_t)(end - id), length = strtoull(end, NULL, 10);
    if (whole + length + 2 > reader_left(reader)) return false;
    tally_take(tally, newline + 1, length);
    put(batch, "delete ", 7);
    put(batch, id, id_length);
    put(batch, "\r\n", 2);
    batch->reserved++;
    whole += length + 2;
  } else if (!memcmp(line, "TIMED_OUT", 9)) {
    batch->timed_out++;
  } else if (memcmp(line, "DELETED", 7)) {
    die("beanstalkd: %.*s", (int)(newline - line), line);
  }
  reader->start += whole;
  return true;
}

void consume_beanstalk(struct options *options) {
  static struct batch batch;
  struct tally tally;
  char command[longest_command];
  tally_open(&tally, options->boards[0]);
  struct reader reader = reader_open(dial(options, SOCK_STREAM));
  batch.answers.descriptor = reader.descriptor;
  batch.most = options->window ? options->window : default_window;
  int length = snprintf(command, sizeof command, "watch %s\r\n", topic_of(options));
  write_all(reader.descriptor, command, (size_t)length);
  size_t answer;
  while (!reader_line(&reader, &answer)) reader_need(&reader, &tally.board, reader_left(&reader) + 1);
  tally_ready(&tally);
  ask(&batch);
  while (reader_fill(&reader, &tally.board)) {
    tally_begin(&tally);
    while (take_answer(&batch, &reader, &tally)) {}
    tally_end(&tally);
    if (batch.reserved + batch.timed_out == batch.asked) ask(&batch);
  }
  tally_print(&tally, options, 1);
}
