// SPDX-License-Identifier: Apache-2.0
// nats-library publish|consume, with the options of those two: NATS core through its own C library, as programs use it.
//
// Beside the bare protocol of nats.c it shows what a user of the library gets, as Belfry's Swift client does for Belfry.
// Built only where libnats is installed.
#include "bench.h"

#include <nats/nats.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { at_once = 64 };
static const uint64_t largest_backlog = 200000; // as nats.c

static void check(natsStatus status, const char *what) {
  if (status != NATS_OK) die("%s: %s", what, natsStatus_GetText(status));
}

static natsConnection *connect_to(const struct options *options) {
  char url[128];
  natsOptions *settings;
  natsConnection *connection;
  snprintf(url, sizeof url, "nats://%s:%s", options->host, options->port);
  check(natsOptions_Create(&settings), "natsOptions_Create");
  check(natsOptions_SetURL(settings, url), url);
  check(natsOptions_SetIOBufSize(settings, chunk), "natsOptions_SetIOBufSize");
  // By a pace each message leaves when it is due; flat out the library gathers them.
  check(natsOptions_SetSendAsap(settings, options->rate > 0), "natsOptions_SetSendAsap");
  check(natsConnection_Connect(&connection, settings), url);
  natsOptions_Destroy(settings);
  return connection;
}

static void publish(struct options *options) {
  struct pace pace;
  uint64_t count = options->connections ? options->connections : 1, sent = 0;
  natsConnection **connections = calloc(count, sizeof *connections);
  if (!connections) die_errno("calloc");
  for (uint64_t i = 0; i < count; i++) connections[i] = connect_to(options);
  struct shape shape = shape_make(NULL, 0, options->size, NULL, 0);
  pace_begin(&pace, options, largest_backlog);
  for (uint64_t turn = 0; sent < pace.count; turn++) {
    uint64_t limit = pace_wait(&pace, sent);
    if (limit == sent) break; // stopped
    if (limit > sent + at_once) limit = sent + at_once;
    for (; sent < limit; sent++) {
      digits_put(shape.bytes + shape.digits_at, sent);
      check(natsConnection_Publish(connections[turn % count], options->topic, shape.bytes, (int)shape.length),
            "natsConnection_Publish");
    }
    pace_sent(&pace, sent);
  }
  for (uint64_t i = 0; i < count; i++) check(natsConnection_Flush(connections[i]), "natsConnection_Flush");
  pace_print(&pace, options);
}

// The library's thread calls this for each message; told to the scoreboard when no more wait, or now and then.
static void take(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure) {
  struct tally *tally = closure;
  (void)connection;
  if (!tally->received) tally_begin(tally);
  tally_take(tally, (const uint8_t *)natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message));
  natsMsg_Destroy(message);
  uint64_t waiting = 0;
  natsSubscription_QueuedMsgs(subscription, &waiting);
  if (!waiting || tally->received >= at_once) tally_end(tally);
}

static void consume(struct options *options) {
  struct tally tally;
  natsSubscription *subscription;
  tally_open(&tally, options->boards[0]);
  natsConnection *connection = connect_to(options);
  check(natsConnection_Subscribe(&subscription, connection, options->topic, take, &tally), "natsConnection_Subscribe");
  check(natsSubscription_SetPendingLimits(subscription, -1, -1), "natsSubscription_SetPendingLimits");
  check(natsConnection_Flush(connection), "natsConnection_Flush");
  tally_ready(&tally);
  while (!board_stopped(&tally.board)) poll(NULL, 0, 20);
  natsConnection_Close(connection);
  tally_print(&tally, options, 1);
}

int main(int argc, char **argv) {
  struct options options;
  options_read(&options, argc, argv);
  if (!options.topic) options.topic = "bench";
  prepare_process();
  if (options.kind && !strcmp(options.kind, "publish")) publish(&options);
  else if (options.kind && !strcmp(options.kind, "consume")) consume(&options);
  else die("publish or consume?");
  return 0;
}
