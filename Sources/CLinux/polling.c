// SPDX-License-Identifier: Apache-2.0
// epoll with 64-bit tokens and nanosecond time-outs.
// Used by LinuxIO's Poller.
// Invariant: the caller's array is the one that the kernel fills; nothing is allocated.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

const size_t belfry_event_size = sizeof(struct epoll_event);
const uint32_t belfry_event_in = EPOLLIN, belfry_event_out = EPOLLOUT, belfry_event_rdhup = EPOLLRDHUP,
               belfry_event_hup = EPOLLHUP, belfry_event_err = EPOLLERR, belfry_event_edge = EPOLLET;

int belfry_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return epoll_ctl(epoll, operation, fd, &event);
}

int belfry_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_ADD, fd, events, token);
}

int belfry_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_MOD, fd, events, token);
}

int belfry_epoll_remove(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

int belfry_epoll_wait(int epoll, void *events, int count, int64_t timeout_ns) {
  if (timeout_ns < 0) return epoll_pwait2(epoll, events, count, NULL, NULL);
  struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  return epoll_pwait2(epoll, events, count, &timeout, NULL);
}

uint32_t belfry_event_flags(const void *events, int index) {
  return ((const struct epoll_event *)events)[index].events;
}

uint64_t belfry_event_token(const void *events, int index) {
  return ((const struct epoll_event *)events)[index].data.u64;
}
