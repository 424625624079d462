// SPDX-License-Identifier: Apache-2.0
// consume KIND --board FILE [--from HOST:PORT] [--topic T] [--window W] …
//
// One consumer of the benchmark; README.md tells the kinds. Prints one line of JSON at its end.
#include "kinds.h"

#include <string.h>

static const struct {
  const char *name;
  kind *run;
} kinds[] = {
    {"recvmmsg", consume_recvmmsg},
    {"recvmmsg-gro", consume_recvmmsg_gro},
    {"frames", consume_frames},
    {"lines", consume_lines},
    {"omprog", consume_omprog},
    {"nats", consume_nats},
    {"jetstream", consume_jetstream},
    {"redis-stream", consume_redis_stream},
    {"redis-pubsub", consume_redis_pubsub},
    {"mqtt", consume_mqtt},
    {"beanstalk", consume_beanstalk},
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
  die("%s is no kind of consumer", options.kind ? options.kind : "nothing");
}
