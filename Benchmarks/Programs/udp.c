// SPDX-License-Identifier: Apache-2.0
// Datagrams: senders for Belfry and for the bare machine alike, and the bare machine's receivers.
//
// `udp` sends one body with each call. `udp-gso` sends trains with UDP_SEGMENT: native frames if a topic is named (as
// BelfryClient's DatagramPublisher does), else bare bodies. Receivers only count and check: they are the limit.
// Invariant: no more than the backlog is between sender and receipt, so nothing is lost for want of a buffer.
#include "kinds.h"

#include <errno.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Of a receive buffer of 8 MiB, which the kernel doubles, and in which it counts what it allocates for a datagram.
enum { backlog_single = 10 << 20, backlog_trains = 6 << 20 };
enum { longest_train = 128, longest_datagram = 65507, vector = 64, room = longest_datagram + 93 };

static void send_one(int descriptor, const void *bytes, size_t length, struct board *board) {
  while (send(descriptor, bytes, length, 0) < 0) {
    if (errno == ECONNREFUSED) board_add(board, word_errors, 1); // an earlier one found no socket: send this one
    else if (errno == ENOBUFS || errno == EAGAIN) sleep_until(now_ns() + 20000);
    else if (errno != EINTR) die_errno("send");
  }
}

void datagrams_send(struct options *options, struct shape shape) {
  int sockets[1024];
  if (options->connections > 1024) die("there are 1024 sockets at most");
  for (uint64_t i = 0; i < options->connections; i++) sockets[i] = dial(options, SOCK_DGRAM);
  struct pace pace;
  uint64_t sent = 0, limit;
  pace_begin(&pace, options, options->window ? options->window : backlog_single / (2 * options->size + 1024));
  while (sent < pace.count && (limit = pace_wait(&pace, sent)) > sent) {
    for (; sent < limit; sent++) {
      digits_put(shape.bytes + shape.digits_at, sent);
      send_one(sockets[sent % options->connections], shape.bytes, shape.length, &pace.board);
      pace_sent(&pace, sent + 1);
    }
  }
  pace_print(&pace, options);
}

void publish_udp(struct options *options) { datagrams_send(options, shape_make("", 0, options->size, "", 0)); }

static void set_segment(int descriptor, size_t length) {
  int segment = (int)length;
  if (setsockopt(descriptor, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment)) die_errno("UDP_SEGMENT");
}

void publish_udp_gso(struct options *options) {
  int descriptor = dial(options, SOCK_DGRAM);
  struct shape shape = options->topic ? belfry_shape(options) : shape_make("", 0, options->size, "", 0);
  uint64_t train = options->batch && options->batch < longest_train ? options->batch : longest_train;
  if (train * shape.length > longest_datagram) train = longest_datagram / shape.length;
  if (!train) die("the messages are too large for a datagram");
  set_segment(descriptor, shape.length);
  uint8_t *bytes = malloc(train * shape.length);
  for (uint64_t i = 0; i < train; i++) memcpy(bytes + i * shape.length, shape.bytes, shape.length);
  struct pace pace;
  uint64_t sent = 0, limit;
  pace_begin(&pace, options, options->window ? options->window : backlog_trains / (options->size + 64));
  while (sent < pace.count && (limit = pace_wait(&pace, sent)) > sent) {
    while (sent < limit) {
      uint64_t number = limit - sent < train ? limit - sent : train;
      for (uint64_t i = 0; i < number; i++) digits_put(bytes + i * shape.length + shape.digits_at, sent + i);
      send_one(descriptor, bytes, number * shape.length, &pace.board);
      pace_sent(&pace, sent += number);
    }
  }
  pace_print(&pace, options);
}

// Buffers for `vector` datagrams. They lie as close as the messages allow: at a page's distance all of them would fall
// into the same lines of the cache.
struct intake {
  struct mmsghdr headers[vector];
  struct iovec parts[vector];
  char controls[vector][CMSG_SPACE(sizeof(int))];
  int count;
};

static struct intake *intake_make(size_t size, int count) {
  struct intake *intake = calloc(1, sizeof *intake);
  uint8_t *bytes = malloc(size * (size_t)count);
  if (!intake || !bytes) die_errno("malloc");
  intake->count = count;
  for (int i = 0; i < count; i++) {
    intake->parts[i] = (struct iovec){.iov_base = bytes + (size_t)i * size, .iov_len = size};
    intake->headers[i].msg_hdr.msg_iov = &intake->parts[i];
    intake->headers[i].msg_hdr.msg_iovlen = 1;
  }
  return intake;
}

// How many datagrams there are; 0 when it is time to look at the stop word.
static int intake_fill(struct intake *intake, int descriptor) {
  int count = recvmmsg(descriptor, intake->headers, (unsigned)intake->count, MSG_WAITFORONE, NULL);
  if (count < 0 && errno != EAGAIN && errno != EINTR) die_errno("recvmmsg");
  return count < 0 ? 0 : count;
}

void consume_recvmmsg(struct options *options) {
  struct tally tally;
  tally_open(&tally, options->boards[0]);
  int descriptor = listen_udp(options), count;
  struct intake *intake = intake_make(options->size <= 1024 ? 2112 : room, vector);
  tally_ready(&tally);
  while ((count = intake_fill(intake, descriptor)) || !board_stopped(&tally.board)) {
    tally_begin(&tally);
    for (int i = 0; i < count; i++) tally_take(&tally, intake->parts[i].iov_base, intake->headers[i].msg_len);
    tally_end(&tally);
  }
  tally_print(&tally, options, 1);
}

// The length of the segments that one receipt consists of.
static size_t segment_of(struct mmsghdr *header) {
  struct cmsghdr *control = CMSG_FIRSTHDR(&header->msg_hdr);
  int segment = (int)header->msg_len;
  if (control && control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO)
    memcpy(&segment, CMSG_DATA(control), sizeof segment);
  return segment > 0 ? (size_t)segment : 1;
}

static void take_train(struct tally *tally, const uint8_t *bytes, size_t length, size_t segment) {
  for (size_t at = 0; at < length; at += segment)
    tally_take(tally, bytes + at, length - at < segment ? length - at : segment);
}

void consume_recvmmsg_gro(struct options *options) {
  struct tally tally;
  tally_open(&tally, options->boards[0]);
  int descriptor = listen_udp(options), count, on = 1;
  if (setsockopt(descriptor, IPPROTO_UDP, UDP_GRO, &on, sizeof on)) die_errno("UDP_GRO");
  struct intake *intake = intake_make(room, 16);
  tally_ready(&tally);
  do {
    for (int i = 0; i < intake->count; i++) {
      intake->headers[i].msg_hdr.msg_control = intake->controls[i];
      intake->headers[i].msg_hdr.msg_controllen = sizeof intake->controls[i];
    }
    count = intake_fill(intake, descriptor);
    tally_begin(&tally);
    for (int i = 0; i < count; i++)
      take_train(&tally, intake->parts[i].iov_base, intake->headers[i].msg_len, segment_of(&intake->headers[i]));
    tally_end(&tally);
  } while (count || !board_stopped(&tally.board));
  tally_print(&tally, options, 1);
}
