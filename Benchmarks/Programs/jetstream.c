// SPDX-License-Identifier: Apache-2.0
// NATS JetStream (docs.nats.io, "JetStream wire API"): a stream in memory, acks to the publisher and from the consumer.
//
// The publisher sends ahead and counts acks, as the libraries' asynchronous publish does. The consumer pulls batches;
// its next request leaves when half of the last one is here, so that the server never waits for it. Acks leave once
// per read, each message by itself or, with --ack-all, the last one for all before it (a work queue allows the former
// only). Whoever comes first makes the stream, named after the topic.
#include "kinds.h"
#include "nats.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { longest_request = 1024, default_batch = 512, longest_index = 6 };
#define inbox "_INBOX.belfry-bench"

static const char *topic_of(const struct options *options) { return options->topic ? options->topic : "bench"; }

static size_t take(struct sender *sender, struct connection *connection, const uint8_t *bytes, size_t length) {
  struct nats_line line;
  size_t at = 0, size;
  uint64_t acks = 0;
  while ((size = nats_parse(bytes + at, length - at, &line))) {
    at += size;
    if (line.kind == nats_ping) connection_put(connection, "PONG\r\n", 6);
    if (line.kind == nats_pong) connection_ready(sender, connection);
    if (line.kind == nats_error) die("nats: %.*s", (int)line.length, line.body);
    if (line.kind != nats_message) continue;
    // {"stream":"BENCH", "seq":1} or {"error":{…},…}; or a status without responders, where there is no stream.
    if (memmem(line.body, line.length, "\"seq\":", 6)) acks++;
    else die("jetstream: %.*s", (int)line.length, line.body);
  }
  connection_accepted(sender, connection, acks);
  return at;
}

// Every connection hears its own acks: its inbox ends with its index, which stands in the shape, too.
static void greet(struct sender *sender, struct connection *connection) {
  char subscription[longest_request];
  connection->own = (uint64_t)(connection - sender->connections);
  int length = snprintf(subscription, sizeof subscription, "SUB " inbox ".p%06llu 1\r\nPING\r\n",
                        (unsigned long long)connection->own);
  connection_put(connection, nats_hello, strlen(nats_hello) - strlen("PING\r\n"));
  connection_put(connection, subscription, (size_t)length);
}

static size_t index_at;

static void number(struct connection *connection, uint8_t *message) {
  uint64_t index = connection->own;
  for (size_t i = longest_index; index; index /= 10) message[index_at + --i] = (uint8_t)('0' + index % 10);
}

// Sends a request to the API and hears its answer; one that the thing exists already is good.
static void call(struct reader *reader, const struct board *board, const char *subject, const char *body) {
  char request[longest_request];
  struct nats_line line = {.kind = nats_other};
  int length =
      snprintf(request, sizeof request, "PUB $JS.API.%s " inbox ".c %zu\r\n%s\r\n", subject, strlen(body), body);
  write_all(reader->descriptor, request, (size_t)length);
  while (line.kind != nats_message) {
    size_t size = nats_parse(reader_at(reader), reader_left(reader), &line);
    reader->start += size;
    if (!size) line.kind = nats_other, reader_need(reader, board, reader_left(reader) + 1);
  }
  if (memmem(line.body, line.length, "\"error\"", 7) && !memmem(line.body, line.length, "already", 7))
    die("jetstream: %.*s", (int)line.length, line.body);
}

static void make_stream(struct reader *reader, const struct options *options, const struct board *board) {
  char subject[longest_request], body[longest_request];
  snprintf(subject, sizeof subject, "STREAM.CREATE.%s", topic_of(options));
  snprintf(body, sizeof body,
           "{\"name\":\"%s\",\"subjects\":[\"%s\"],\"storage\":\"memory\",\"retention\":\"%s\",\"num_replicas\":1,"
           "\"max_consumers\":-1,\"max_msgs\":-1,\"max_bytes\":-1,\"max_age\":0,\"discard\":\"old\"}",
           topic_of(options), topic_of(options), options->ack_all ? "interest" : "workqueue");
  call(reader, board, subject, body);
}

void publish_jetstream(struct options *options) {
  char start[longest_request];
  int length = snprintf(start, sizeof start, "PUB %s " inbox ".p", topic_of(options));
  index_at = (size_t)length;
  length += snprintf(start + length, sizeof start - index_at, "000000 %llu\r\n", (unsigned long long)options->size);
  struct board board = board_open(options->boards[0]);
  struct reader reader = nats_subscribe(options, &board, inbox ".c");
  make_stream(&reader, options, &board);
  close(reader.descriptor);
  struct protocol protocol = {.shape = shape_make(start, (size_t)length, options->size, "\r\n", 2),
                              .greet = greet,
                              .take = take,
                              .number = number,
                              .acks = true,
                              .window = 256};
  sender_run(protocol, options);
}

static void make_consumer(struct reader *reader, const struct options *options, const struct board *board) {
  char subject[longest_request], body[longest_request];
  snprintf(subject, sizeof subject, "CONSUMER.DURABLE.CREATE.%s.bench", topic_of(options));
  snprintf(body, sizeof body,
           "{\"stream_name\":\"%s\",\"config\":{\"durable_name\":\"bench\",\"ack_policy\":\"%s\",\"deliver_policy\":"
           "\"all\",\"ack_wait\":30000000000,\"max_ack_pending\":100000,\"mem_storage\":true,\"num_replicas\":1}}",
           topic_of(options), options->ack_all ? "all" : "explicit");
  call(reader, board, subject, body);
}

struct pull {
  struct reader reader;
  struct answers answers;
  char request[longest_request];
  size_t request_length;
  uint64_t batch, open; // asked for and not come yet
};

static void ask(struct pull *pull, const struct options *options) {
  char body[64];
  pull->batch = options->window ? options->window : default_batch;
  int length = snprintf(body, sizeof body, "{\"batch\":%llu}", (unsigned long long)pull->batch);
  pull->request_length = (size_t)snprintf(pull->request, sizeof pull->request,
                                          "PUB $JS.API.CONSUMER.MSG.NEXT.%s.bench " inbox ".c %d\r\n%s\r\n",
                                          topic_of(options), length, body);
}

static void put(struct answers *answers, const void *bytes, size_t length) {
  memcpy(answers_room(answers, length), bytes, length);
  answers->length += length;
}

static void acknowledge(struct answers *answers, const struct nats_line *line) {
  put(answers, "PUB ", 4);
  put(answers, line->reply, line->reply_length);
  put(answers, " 0\r\n\r\n", 6);
}

// The last message's reply subject acks all before it, too, where the consumer was made so.
static void take_messages(struct pull *pull, struct tally *tally, bool ack_all) {
  struct nats_line line, last = {.reply = NULL};
  size_t size;
  while ((size = nats_parse(reader_at(&pull->reader), reader_left(&pull->reader), &line))) {
    pull->reader.start += size;
    if (line.kind == nats_ping) put(&pull->answers, "PONG\r\n", 6);
    if (line.kind == nats_error) die("nats: %.*s", (int)line.length, line.body);
    if (line.kind != nats_message || !line.reply) continue;
    tally_take(tally, line.body, line.length);
    if (pull->open) pull->open--;
    if (!ack_all) acknowledge(&pull->answers, &line);
    last = line;
  }
  if (ack_all && last.reply) acknowledge(&pull->answers, &last);
}

void consume_jetstream(struct options *options) {
  static struct pull pull;
  struct tally tally;
  tally_open(&tally, options->boards[0]);
  pull.reader = nats_subscribe(options, &tally.board, inbox ".c");
  make_stream(&pull.reader, options, &tally.board);
  make_consumer(&pull.reader, options, &tally.board);
  pull.answers.descriptor = pull.reader.descriptor;
  ask(&pull, options);
  tally_ready(&tally);
  do {
    if (pull.open <= pull.batch / 2) {
      put(&pull.answers, pull.request, pull.request_length);
      pull.open += pull.batch;
    }
    answers_write(&pull.answers);
    if (!reader_fill(&pull.reader, &tally.board)) break;
    tally_begin(&tally);
    take_messages(&pull, &tally, options->ack_all);
    tally_end(&tally);
  } while (true);
  tally_print(&tally, options, 1);
}
