// SPDX-License-Identifier: Apache-2.0
// What `publish KIND` and `consume KIND` can be: one function each, in the file of its protocol.
#ifndef KINDS_H
#define KINDS_H
#include "bench.h"

typedef void kind(struct options *options);

// A table of kinds ends with one without a name.
struct kind_entry {
  const char *name;
  kind *run;
};
// Reads the options and runs the kind that they name, or ends with a sentence; main returns what it does (kinds.c).
int kind_run(const struct kind_entry *kinds, int argc, char **argv);

kind publish_udp, publish_udp_gso, consume_recvmmsg, consume_recvmmsg_gro;                         // udp.c
kind publish_belfry, consume_frames;                                                               // belfry.c
kind consume_lines, consume_omprog;                                                                // lines.c
kind publish_nats, consume_nats;                                                                   // nats.c
kind publish_jetstream, consume_jetstream;                                                         // jetstream.c
kind publish_redis_stream, publish_redis_pubsub, consume_redis_stream, consume_redis_pubsub;       // redis.c
kind publish_mqtt0, publish_mqtt1, consume_mqtt;                                                   // mqtt.c
kind publish_beanstalk, consume_beanstalk;                                                         // beanstalk.c
kind publish_syslog_udp, publish_syslog_tcp;                                                       // syslog.c
kind publish_http;                                                                                 // http.c
kind publish_tcp;                                                                                  // tcp.c

// Sends the shape in datagrams, one with each call (udp.c).
void datagrams_send(struct options *options, struct shape shape);
// A native PUBLISH frame, for those who put it into datagrams.
struct shape belfry_shape(const struct options *options);
#endif
