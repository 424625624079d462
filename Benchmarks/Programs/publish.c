// SPDX-License-Identifier: Apache-2.0
// publish KIND --to HOST:PORT --board FILE [--count N] [--size S] [--rate R] [--window W] [--connections C] …
//
// One sender of the benchmark; README.md tells the kinds. Prints one line of JSON at its end.
#include "kinds.h"

static const struct kind_entry kinds[] = {
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
    {0, 0},
};

int main(int argc, char **argv) { return kind_run(kinds, argc, argv); }
