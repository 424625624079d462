// SPDX-License-Identifier: Apache-2.0
// What `publish KIND` and `consume KIND` can be: one function each, in the file of its protocol.
#ifndef KINDS_H
#define KINDS_H
#include "bench.h"

void publish_udp(struct options *options);     // udp.c
void publish_udp_gso(struct options *options);
void consume_recvmmsg(struct options *options);
void consume_recvmmsg_gro(struct options *options);
void publish_belfry(struct options *options);  // belfry.c
struct shape belfry_shape(const struct options *options);
void consume_frames(struct options *options);
void consume_lines(struct options *options);   // lines.c
void consume_omprog(struct options *options);
#endif
