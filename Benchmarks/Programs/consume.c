// SPDX-License-Identifier: Apache-2.0
// consume KIND --board FILE [--from HOST:PORT] [--topic T] [--window W] …
//
// One consumer of the benchmark; README.md tells the kinds. Prints one line of JSON at its end.
#include "kinds.h"

static const struct kind_entry kinds[] = {
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
    {0, 0},
};

int main(int argc, char **argv) { return kind_run(kinds, argc, argv); }
