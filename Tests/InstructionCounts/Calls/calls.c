// SPDX-License-Identifier: Apache-2.0
// The marks between which instructions count; and the one system call of Belfry's that Valgrind 3.19 does not know. The
// executable's own functions go before the C library's, so that Belfry itself is measured as it is.
// Invariant: a wait is never shorter than was asked for.
#define _GNU_SOURCE
#include "Calls.h"

#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <time.h>

void counting_begins(void) {}
void counting_ends(void) {}

int epoll_pwait2(int epoll, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask) {
  if (!timeout) return epoll_pwait(epoll, events, count, -1, mask);
  long long milliseconds = (long long)timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000;
  return epoll_pwait(epoll, events, count, milliseconds > INT_MAX ? INT_MAX : (int)milliseconds, mask);
}
