// SPDX-License-Identifier: Apache-2.0
// publish KIND --to HOST:PORT --board FILE [--count N] [--size S] [--rate R] [--window W] [--connections C] …
//
// One sender of the benchmark; README.md tells the kinds. Prints one line of JSON at its end.
#include "kinds.h"

#include <string.h>

static const struct {
  const char *name;
  kind *run;
} kinds[] = {
    {"udp", publish_udp},
    {"udp-gso", publish_udp_gso},
    {"belfry", publish_belfry},
    {"nats", publish_nats},
    {"jetstream", publish_jetstream},
    {"redis-stream", publish_redis_stream},
    {"redis-pubsub", publish_redis_pubsub},
    {"mqtt0", publish_mqtt0},
    {"mqtt1", publish_mqtt1},
    {"beanstalk", publish_beanstalk},
    {"syslog-udp", publish_syslog_udp},
    {"syslog-tcp", publish_syslog_tcp},
    {"http", publish_http},
    {"tcp", publish_tcp},
};

int main(int argc, char **argv) {
  struct options options;
  options_read(&options, argc, argv);
  prepare_process();
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (!options.kind || strcmp(kinds[i].name, options.kind)) continue;
    kinds[i].run(&options);
    return 0;
  }
  die("%s is no kind of publisher", options.kind ? options.kind : "nothing");
}
