// SPDX-License-Identifier: Apache-2.0
// MQTT 3.1.1 (docs.oasis-open.org/mqtt/mqtt/v3.1.1), as much of it as publishing and subscribing at QoS 0 and 1 need.
//
// A broker may drop what a subscriber has not taken. mosquitto does so at QoS 1 with its default max_queued_messages of
// 1000, with several senders even at a backlog below that, so it must be told to queue more.
#include "kinds.h"
#include "reader.h"
#include "sender.h"

#include <string.h>
#include <sys/socket.h>

enum {
  type_connack = 0x20, type_publish = 0x30, type_puback = 0x40, type_suback = 0x90, qos_1 = 0x02, longest_start = 512,
  packet_ids = 65535
};

// Clean session, no keep-alive, no name: the broker gives one.
static const uint8_t connect_packet[] = {0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 0};
// Where the packet identifier lies in the shape, which is the same for all connections.
static size_t identifier_at;

struct packet {
  uint8_t type, flags;
  const uint8_t *bytes; // behind the fixed header
  size_t length;
};

// Takes one packet. How many bytes that was; 0: it is not whole yet.
static size_t parse(const uint8_t *bytes, size_t length, struct packet *packet) {
  size_t at = 1, remaining = 0;
  for (int shift = 0;; shift += 7) {
    if (at >= length) return 0;
    remaining |= (size_t)(bytes[at] & 0x7F) << shift;
    if (!(bytes[at++] & 0x80)) break;
  }
  if (length - at < remaining) return 0;
  *packet = (struct packet){bytes[0] & 0xF0, bytes[0] & 0x0F, bytes + at, remaining};
  return at + remaining;
}

static size_t put_length(uint8_t *at, size_t length) {
  size_t count = 0;
  do {
    at[count] = (uint8_t)((length & 0x7F) | (length > 0x7F ? 0x80 : 0));
    length >>= 7;
    count++;
  } while (length);
  return count;
}

static size_t put_text(uint8_t *at, const char *text) {
  size_t length = strlen(text);
  if (length > 255) die("--topic is too long");
  at[0] = 0;
  at[1] = (uint8_t)length;
  memcpy(at + 2, text, length);
  return 2 + length;
}

static const char *topic_of(const struct options *options) { return options->topic ? options->topic : "bench"; }

static void greet(struct sender *sender, struct connection *connection) {
  (void)sender;
  connection_put(connection, connect_packet, sizeof connect_packet);
}

static size_t take(struct sender *sender, struct connection *connection, const uint8_t *bytes, size_t length) {
  struct packet packet;
  size_t at = 0, size;
  uint64_t acks = 0;
  while ((size = parse(bytes + at, length - at, &packet))) {
    at += size;
    if (packet.type == type_puback) acks++;
    if (packet.type != type_connack) continue;
    if (packet.bytes[1]) die("the MQTT broker refuses: code %d", packet.bytes[1]);
    connection_ready(sender, connection);
  }
  connection_accepted(sender, connection, acks);
  return at;
}

static void number(struct connection *connection, uint8_t *message) {
  uint64_t identifier = connection->sent % packet_ids + 1;
  message[identifier_at] = (uint8_t)(identifier >> 8);
  message[identifier_at + 1] = (uint8_t)identifier;
}

static void publish(struct options *options, bool acks) {
  uint8_t start[longest_start] = {(uint8_t)(type_publish | (acks ? qos_1 : 0))};
  const char *topic = topic_of(options);
  size_t length = 1 + put_length(start + 1, 2 + strlen(topic) + (acks ? 2 : 0) + options->size);
  length += put_text(start + length, topic);
  identifier_at = length;
  if (acks) length += 2;
  struct protocol protocol = {.shape = shape_make(start, length, options->size, "", 0),
                              .greet = greet,
                              .take = take,
                              .number = acks ? number : NULL,
                              .acks = acks,
                              .window = 1000,
                              .backlog = 20000};
  if (acks && options->window >= packet_ids) die("--window: MQTT has %d identifiers", packet_ids);
  sender_run(protocol, options);
}

void publish_mqtt0(struct options *options) { publish(options, false); }
void publish_mqtt1(struct options *options) { publish(options, true); }

static void expect(struct reader *reader, const struct board *board, uint8_t type) {
  struct packet packet;
  size_t size;
  while (!(size = parse(reader_at(reader), reader_left(reader), &packet)))
    reader_need(reader, board, reader_left(reader) + 1);
  reader->start += size;
  if (packet.type != type || packet.bytes[packet.length - 1] >= 0x80) die("the MQTT broker refuses");
}

static void subscribe(struct reader *reader, const struct board *board, const char *topic) {
  uint8_t packet[longest_start] = {0x82, 0, 0, 1};
  size_t length = 4 + put_text(packet + 4, topic);
  packet[length++] = 1; // QoS 1 at most: each message comes with the QoS that it was sent with
  size_t remaining = length - 2;
  if (remaining > 127) die("--topic is too long");
  packet[1] = (uint8_t)remaining;
  write_all(reader->descriptor, connect_packet, sizeof connect_packet);
  expect(reader, board, type_connack);
  write_all(reader->descriptor, packet, length);
  expect(reader, board, type_suback);
}

static void take_publish(struct tally *tally, struct answers *answers, const struct packet *packet) {
  if (packet->type != type_publish) return;
  size_t body = 2 + ((size_t)packet->bytes[0] << 8 | packet->bytes[1]);
  if (packet->flags & qos_1) {
    const uint8_t ack[] = {type_puback, 2, packet->bytes[body], packet->bytes[body + 1]};
    memcpy(answers_room(answers, sizeof ack), ack, sizeof ack);
    answers->length += sizeof ack;
    body += 2;
  }
  tally_take(tally, packet->bytes + body, packet->length - body);
}

void consume_mqtt(struct options *options) {
  static struct answers answers;
  struct tally tally;
  struct packet packet;
  size_t size;
  tally_open(&tally, options->boards[0]);
  struct reader reader = reader_open(dial(options, SOCK_STREAM));
  answers.descriptor = reader.descriptor;
  subscribe(&reader, &tally.board, topic_of(options));
  tally_ready(&tally);
  while (reader_fill(&reader, &tally.board)) {
    tally_begin(&tally);
    while ((size = parse(reader_at(&reader), reader_left(&reader), &packet))) {
      reader.start += size;
      take_publish(&tally, &answers, &packet);
    }
    tally_end(&tally);
    answers_write(&answers);
  }
  tally_print(&tally, options, 1);
}
