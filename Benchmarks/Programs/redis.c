// SPDX-License-Identifier: Apache-2.0
// Redis (redis.io, "RESP protocol specification"): streams with a consumer group and XACK, and pub/sub.
//
// Commands are pipelined. A subscriber who lags behind by 8 MiB for a minute, or by 32 MiB, is cut off by Redis's
// default, so the publisher keeps a backlog; a stream is trimmed to 200,000 entries, and its backlog is half of that.
#include "kinds.h"
#include "reader.h"
#include "sender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { longest_command = 1024, default_batch = 256, longest_id = 40 };

static const char *topic_of(const struct options *options) { return options->topic ? options->topic : "bench"; }

// One token of RESP: a line, with its bytes if it is a bulk string.
struct token {
  char kind;     // * $ : + -
  int64_t value; // of * $ and :
  const uint8_t *bytes;
  size_t length;
};

static int64_t number_of(const uint8_t *at, const uint8_t *end) {
  bool negative = at < end && *at == '-';
  int64_t value = 0;
  for (at += negative; at < end; at++) value = value * 10 + (*at - '0');
  return negative ? -value : value;
}

static size_t parse(const uint8_t *bytes, size_t length, struct token *token) {
  const uint8_t *newline = length ? memchr(bytes, '\n', length) : NULL;
  if (!newline) return 0;
  size_t whole = (size_t)(newline - bytes) + 1;
  token->kind = (char)bytes[0];
  token->bytes = bytes + 1;
  token->length = whole - 3;
  if (token->kind == '+') return whole;
  if (token->kind == '-' && memcmp(token->bytes, "BUSYGROUP", 9)) die("redis: %.*s", (int)token->length, token->bytes);
  if (token->kind == '-') return whole; // another member has made the group
  token->value = number_of(bytes + 1, newline - 1);
  if (token->kind != '$' || token->value < 0) return whole;
  token->bytes = newline + 1;
  token->length = (size_t)token->value;
  whole += token->length + 2;
  return whole <= length ? whole : 0;
}

// XADD answers a command with a bulk string, PUBLISH with a number: one token each.
static size_t take(struct sender *sender, struct connection *connection, const uint8_t *bytes, size_t length) {
  struct token token;
  size_t at = 0, size;
  uint64_t answers = 0;
  while ((size = parse(bytes + at, length - at, &token))) {
    at += size;
    answers++;
  }
  connection_accepted(sender, connection, answers);
  return at;
}

static void publish(struct options *options, const char *start, uint64_t window, uint64_t backlog) {
  struct protocol protocol = {.shape = shape_make(start, strlen(start), options->size, "\r\n", 2),
                              .take = take,
                              .acks = true,
                              .window = window,
                              .backlog = backlog};
  sender_run(protocol, options);
}

void publish_redis_stream(struct options *options) {
  char start[longest_command];
  const char *topic = topic_of(options);
  snprintf(start, sizeof start,
           "*8\r\n$4\r\nXADD\r\n$%zu\r\n%s\r\n$6\r\nMAXLEN\r\n$1\r\n~\r\n$6\r\n200000\r\n"
           "$1\r\n*\r\n$1\r\nd\r\n$%llu\r\n",
           strlen(topic), topic, (unsigned long long)options->size);
  publish(options, start, 64, 100000);
}

void publish_redis_pubsub(struct options *options) {
  char start[longest_command];
  const char *topic = topic_of(options);
  snprintf(start, sizeof start, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%llu\r\n", strlen(topic), topic,
           (unsigned long long)options->size);
  publish(options, start, 512, (4 << 20) / (options->size + 64) + 1);
}

// A token, waited for; for greetings.
static struct token next(struct reader *reader, const struct board *board) {
  struct token token;
  size_t size;
  while (!(size = parse(reader_at(reader), reader_left(reader), &token)))
    reader_need(reader, board, reader_left(reader) + 1);
  reader->start += size;
  return token;
}

void consume_redis_pubsub(struct options *options) {
  struct tally tally;
  char command[longest_command];
  const char *topic = topic_of(options);
  tally_open(&tally, options->boards[0]);
  struct reader reader = reader_open(dial(options, SOCK_STREAM));
  int length = snprintf(command, sizeof command, "*2\r\n$9\r\nSUBSCRIBE\r\n$%zu\r\n%s\r\n", strlen(topic), topic);
  write_all(reader.descriptor, command, (size_t)length);
  while (next(&reader, &tally.board).kind != ':') {} // the last token of the answer
  tally_ready(&tally);
  struct token token;
  size_t size;
  int part = 0; // *3, "message", the channel, the body
  while (reader_fill(&reader, &tally.board)) {
    tally_begin(&tally);
    while ((size = parse(reader_at(&reader), reader_left(&reader), &token))) {
      reader.start += size;
      part = token.kind == '*' ? 0 : part + 1;
      if (part == 3) tally_take(&tally, token.bytes, token.length);
    }
    tally_end(&tally);
  }
  tally_print(&tally, options, 1);
}

// A consumer of a group: what it reads next, and what it acks before. Both leave with one write.
struct member {
  struct reader reader;
  struct answers answers;
  const char *topic;
  char read[longest_command]; // the XREADGROUP
  uint8_t *ids;               // of the entries that have come, as bulk strings
  size_t read_length, ids_length;
  int64_t count, left, acks;  // entries with an id; tokens that the answer still has; XACK's answer is due
  int part;
};

static void ask(struct member *member) {
  char head[longest_command];
  struct answers *answers = &member->answers;
  if (member->count) {
    int length = snprintf(head, sizeof head, "*%lld\r\n$4\r\nXACK\r\n$%zu\r\n%s\r\n$5\r\nbench\r\n",
                          (long long)member->count + 3, strlen(member->topic), member->topic);
    memcpy(answers_room(answers, (size_t)length), head, (size_t)length);
    answers->length += (size_t)length;
    memcpy(answers_room(answers, member->ids_length), member->ids, member->ids_length);
    answers->length += member->ids_length;
  }
  memcpy(answers_room(answers, member->read_length), member->read, member->read_length);
  answers->length += member->read_length;
  answers_write(answers);
  member->acks = member->count;
  member->count = 0;
  member->ids_length = 0;
}

// An answer to XREADGROUP: *-1, or *1 *2 NAME *n and n times *2 ID *2 FIELD BODY. True when it is whole.
static bool take_token(struct member *member, struct tally *tally, const struct token *token) {
  if (token->kind == ':') {
    if (token->value != member->acks) die("redis: XACK took %lld too few", (long long)(member->acks - token->value));
    member->acks = 0;
    return false;
  }
  int part = member->part++;
  if (part == 0) return token->value < 0; // nothing came in time
  if (part == 3) member->left = token->value;
  if (part < 4) return false;
  int of_entry = (part - 4) % 5;
  if (of_entry == 1) {
    member->count++;
    member->ids_length += (size_t)sprintf((char *)member->ids + member->ids_length, "$%zu\r\n%.*s\r\n", token->length,
                                          (int)token->length, token->bytes);
  }
  if (of_entry != 4) return false;
  tally_take(tally, token->bytes, token->length);
  return --member->left == 0;
}

static void join_group(struct member *member, const struct board *board) {
  char command[longest_command];
  int length = snprintf(command, sizeof command,
                        "*6\r\n$6\r\nXGROUP\r\n$6\r\nCREATE\r\n$%zu\r\n%s\r\n$5\r\nbench\r\n$1\r\n0\r\n"
                        "$8\r\nMKSTREAM\r\n",
                        strlen(member->topic), member->topic);
  write_all(member->reader.descriptor, command, (size_t)length);
  next(&member->reader, board);
}

void consume_redis_stream(struct options *options) {
  static struct member member;
  struct tally tally;
  char batch[24];
  tally_open(&tally, options->boards[0]);
  member.topic = topic_of(options);
  member.reader = reader_open(dial(options, SOCK_STREAM));
  member.answers.descriptor = member.reader.descriptor;
  uint64_t most = options->window ? options->window : default_batch;
  member.ids = malloc(most * longest_id);
  snprintf(batch, sizeof batch, "%llu", (unsigned long long)most);
  member.read_length = (size_t)snprintf(
      member.read, sizeof member.read,
      "*11\r\n$10\r\nXREADGROUP\r\n$5\r\nGROUP\r\n$5\r\nbench\r\n$1\r\nc\r\n$5\r\nCOUNT\r\n$%zu\r\n%s\r\n"
      "$5\r\nBLOCK\r\n$4\r\n1000\r\n$7\r\nSTREAMS\r\n$%zu\r\n%s\r\n$1\r\n>\r\n",
      strlen(batch), batch, strlen(member.topic), member.topic);
  join_group(&member, &tally.board);
  tally_ready(&tally);
  struct token token;
  size_t size;
  ask(&member);
  while (reader_fill(&member.reader, &tally.board)) {
    bool whole = false;
    tally_begin(&tally);
    while ((size = parse(reader_at(&member.reader), reader_left(&member.reader), &token))) {
      member.reader.start += size;
      whole = take_token(&member, &tally, &token) || whole;
    }
    tally_end(&tally);
    if (!whole) continue;
    member.part = 0;
    ask(&member);
  }
  tally_print(&tally, options, 1);
}
