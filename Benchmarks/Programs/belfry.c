// SPDX-License-Identifier: Apache-2.0
// Belfry's own protocols (docs/protocol.md): publishing over TCP (section 3), and a `frames` service (section 10).
//
// A sender pipelines and waits for all acks; a service answers in ranges, once per read.
#include "kinds.h"
#include "reader.h"
#include "sender.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
  magic = 0xB5, version = 1, header = 8, type_hello = 1, type_welcome = 2, type_publish = 3, type_ack = 4,
  type_error = 5, type_window = 16, type_deliver = 17, type_done = 18, fixed_length_at = 50, service_socket = 3
};

static void put(uint8_t *at, uint64_t value, int bytes) {
  for (int i = bytes; i--; value >>= 8) at[i] = (uint8_t)value;
}

static uint64_t get(const uint8_t *at, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++) value = value << 8 | at[i];
  return value;
}

static uint64_t get64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return __builtin_bswap64(value);
}

static uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}

static void put_header(uint8_t *at, int type, size_t length) {
  const uint8_t start[] = {magic, version, (uint8_t)type, 0};
  memcpy(at, start, sizeof start);
  put(at + 4, length, 4);
}

struct shape belfry_shape(const struct options *options) {
  const char *topic = options->topic ? options->topic : "bench";
  size_t length = strlen(topic);
  uint8_t start[header + 10 + 255];
  if (length > 255) die("--topic is too long");
  put_header(start, type_publish, 10 + length + options->size);
  put(start + header, 0, 8);
  put(start + header + 8, length, 2);
  memcpy(start + header + 10, topic, length);
  return shape_make(start, header + 10 + length, options->size, "", 0);
}

static void greet(struct sender *sender, struct connection *connection) {
  uint8_t hello[header + 16];
  (void)sender;
  put_header(hello, type_hello, 16);
  if (getrandom(hello + header, 16, 0) != 16) die_errno("getrandom");
  connection_put(connection, hello, sizeof hello);
}

static void number(struct connection *connection, uint8_t *message) {
  uint64_t value = __builtin_bswap64(connection->sent);
  memcpy(message + header, &value, sizeof value);
}

// `own` counts what was refused.
static void take_frame(struct sender *sender, struct connection *connection, const uint8_t *frame) {
  const uint8_t *payload = frame + header;
  if (frame[2] == type_welcome) {
    connection_ready(sender, connection);
  } else if (frame[2] == type_ack) {
    // Cumulative, over what was accepted and what was refused before.
    connection_accepted(sender, connection, get64(payload) - connection->accepted - connection->own);
  } else if (frame[2] == type_error) {
    if (!get64(payload)) die("Belfry refuses the stream: %.*s", (int)get32(frame + 4) - 10, payload + 10);
    connection->own++;
    connection_refused(sender, connection);
  }
}

static size_t take(struct sender *sender, struct connection *connection, const uint8_t *bytes, size_t length) {
  size_t at = 0;
  while (length - at >= header) {
    const uint8_t *frame = bytes + at;
    if (frame[0] != magic || frame[1] != version) die("what answers there does not speak Belfry's protocol");
    size_t whole = header + get32(frame + 4);
    if (length - at < whole) break;
    take_frame(sender, connection, frame);
    at += whole;
  }
  return at;
}

void publish_belfry(struct options *options) {
  struct protocol protocol = {
      .shape = belfry_shape(options), .greet = greet, .take = take, .number = number, .acks = true};
  sender_run(protocol, options);
}

// The ranges of one DONE. Numbers come in order, so there are few.
struct done {
  uint8_t bytes[header + 16 * 4096];
  size_t length;
  uint64_t first, last;
};

static void done_close(struct done *done) {
  if (!done->first) return;
  put(done->bytes + header + done->length, done->first, 8);
  put(done->bytes + header + done->length + 8, done->last, 8);
  done->length += 16;
  done->first = 0;
}

static void done_write(struct done *done) {
  done_close(done);
  if (!done->length) return;
  put_header(done->bytes, type_done, done->length);
  write_all(service_socket, done->bytes, header + done->length);
  done->length = 0;
}

static void done_add(struct done *done, uint64_t number) {
  if (done->first && number == done->last + 1) {
    done->last = number;
    return;
  }
  done_close(done);
  if (header + done->length + 16 >= sizeof done->bytes) done_write(done);
  done->first = done->last = number;
}

static void take_delivery(struct tally *tally, struct done *done, const uint8_t *payload, size_t length) {
  size_t fixed = get(payload + fixed_length_at, 2);
  size_t body = fixed + get(payload + 44, 2) + get(payload + 46, 2) + get32(payload + 40);
  tally_take(tally, payload + body, length - body);
  done_add(done, get64(payload));
}

static void take_deliveries(struct reader *reader, struct tally *tally, struct done *done) {
  while (reader_left(reader) >= header) {
    const uint8_t *frame = reader_at(reader);
    if (frame[0] != magic || frame[1] != version) die("no frame where one must begin");
    size_t length = get32(frame + 4);
    if (reader_left(reader) < header + length) return;
    if (frame[2] == type_deliver) take_delivery(tally, done, frame + header, length);
    reader->start += header + length;
  }
}

// Its end is that of the stream: FINISH says no more than that.
void consume_frames(struct options *options) {
  static struct done done;
  struct tally tally;
  tally_open(&tally, options->boards[0]);
  struct reader reader = reader_open(service_socket);
  uint8_t window[header + 4];
  put_header(window, type_window, 4);
  put(window + header, options->window ? options->window : 1024, 4);
  write_all(service_socket, window, sizeof window);
  tally_ready(&tally);
  while (reader_fill(&reader, &tally.board)) {
    tally_begin(&tally);
    take_deliveries(&reader, &tally, &done);
    tally_end(&tally);
    done_write(&done);
  }
  tally_print(&tally, options, 2);
}
