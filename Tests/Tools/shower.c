// SPDX-License-Identifier: Apache-2.0
// A steady sender that nobody answers: datagrams, or syslog over TCP. It numbers what it sends. Used by the soak of
// SystemTests.
//
//   shower json|syslog|stream PORT FIRST RATE    to 127.0.0.1 until SIGTERM; prints "SENDER COUNT" for each of its senders
//
// Its senders are FIRST (RATE a second) and FIRST + 1 (5 a second: to slow.FIRST, or of severity crit); `stream` takes
// two new ones with each connection, counts octets on every second, and says "whole" if the broker has ended the last one
// in good order. A body says which notification it is, as recorder.c wants it.
// Invariant: the counts are of all that was given to the kernel. On a connection a prefix of it arrives; all of it on
// one that is whole.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { fast, slow, streams, ticks = 50 };

static volatile sig_atomic_t is_over;
static const char *kind;
static int port, first, connections, link_fd = -1;
static unsigned long sent[streams];

static void stop(int signal) {
  (void)signal;
  is_over = 1;
}

static int connected(int type) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) {
    perror("shower");
    exit(1);
  }
  return fd;
}

static int is_stream(void) { return !strcmp(kind, "stream"); }
static int sender(int which) { return first + (is_stream() ? streams * (connections - 1) : 0) + which; }

static void tell(void) {
  for (int i = 0; i < streams; i++) printf("%d %lu\n", sender(i), sent[i]);
  memset(sent, 0, sizeof sent);
}

// What the kernel has of a connection that broke may or may not have been read: the next one has other senders.
static void connect_again(void) {
  if (link_fd >= 0) {
    close(link_fd);
    tell();
  }
  link_fd = connected(SOCK_STREAM);
  connections++;
}

static int format(char *text, size_t room, int which) {
  static const char padding[] = "................................................................................";
  int rest = (int)(sent[which] * 11 % (sizeof padding - 1));
  char body[128];
  int length = snprintf(body, sizeof body, "%d %lu %.*s", sender(which), sent[which], rest, padding);
  if (!strcmp(kind, "json"))
    return snprintf(text, room, "{\"topic\":\"%s.%d\",\"body\":\"%s\"}", which ? "slow" : "load", first, body);
  const char *priority = which ? "<130>" : "<134>";
  if (!is_stream()) return snprintf(text, room, "%s%s", priority, body);
  if (connections % 2) return snprintf(text, room, "%s%s\n", priority, body);
  return snprintf(text, room, "%d %s%s", length + 5, priority, body);
}

static void publish(int which) {
  char text[256];
  if (is_stream()) {
    for (;;) {
      int length = format(text, sizeof text, which);
      sent[which]++;
      if (send(link_fd, text, (size_t)length, MSG_NOSIGNAL) == length) return;
      connect_again();
    }
  }
  int length = format(text, sizeof text, which);
  if (send(link_fd, text, (size_t)length, 0) == length) sent[which]++;
}

static void finish(void) {
  char rest[256];
  ssize_t got = -1;
  if (is_stream()) {
    shutdown(link_fd, SHUT_WR);
    while ((got = read(link_fd, rest, sizeof rest)) > 0) continue;
  }
  tell();
  if (got == 0) puts("whole");
}

int main(int count, char **words) {
  if (count != 5) return 64;
  kind = words[1], port = atoi(words[2]), first = atoi(words[3]);
  int rate = atoi(words[4]);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = stop;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, NULL);
  if (is_stream()) connect_again();
  else link_fd = connected(SOCK_DGRAM);
  for (unsigned long round = 0; !is_over; round++) {
    for (int i = 0; i < rate / ticks; i++) publish(fast);
    if (round % (ticks / 5) == 0) publish(slow);
    struct timespec pause = {0, 1000000000 / ticks};
    nanosleep(&pause, NULL);
  }
  finish();
  return 0;
}
