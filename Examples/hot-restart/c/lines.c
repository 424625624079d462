// SPDX-License-Identifier: Apache-2.0
// Sends each line back, over any number of restarts (`kill -USR2 PID`), without breaking a connection: when the next
// generation serves, this one adds " bye" to what it answers and closes behind it, and ends with its last connection.
// Usage: lines [PORT], and PID_FILE=FILE in the environment for a file with the pid of the one that serves.
#define _GNU_SOURCE
#include <hotrestart.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { most = 1000, line_length = 200 };

/// Places 0 and 1 are the turns of the restart and the listener; the rest are connections with what they have sent so far.
static struct pollfd watched[most];
static struct { char bytes[line_length]; size_t count; } lines[most];
static nfds_t count = 2;
static int is_draining = 0;

static void close_connection(nfds_t place) {
  close(watched[place].fd);
  count--;
  watched[place] = watched[count];
  lines[place] = lines[count];
}

/// Whether the connection goes on.
static int answer(nfds_t place) {
  int fd = watched[place].fd;
  char *bytes = lines[place].bytes;
  ssize_t got = read(fd, bytes + lines[place].count, line_length - lines[place].count);
  if (got <= 0) return 0;
  lines[place].count += (size_t)got;
  char *end = memchr(bytes, '\n', lines[place].count);
  if (!end) return lines[place].count < line_length;
  if (dprintf(fd, "%.*s%s\n", (int)(end - bytes), bytes, is_draining ? " bye" : "") < 0) return 0;
  lines[place].count -= (size_t)(end + 1 - bytes);
  memmove(bytes, end + 1, lines[place].count);
  return !is_draining;
}

static void accept_all(void) {
  int fd;
  while (count < most && (fd = accept4(watched[1].fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
    watched[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    lines[count++].count = 0;
  }
}

static void take_turn(hotrestart *generation) {
  struct hotrestart_error error;
  switch (hotrestart_next(generation, 0, &error)) {
    case HOTRESTART_DRAIN:
      is_draining = 1;
      close(watched[1].fd);
      watched[1].fd = -1;  // poll leaves it out
      break;
    case HOTRESTART_FAILED: fprintf(stderr, "not restarted: %s\n", error.text); break;
    case HOTRESTART_OVERDUE: exit(1);
    default: break;
  }
}

int main(int argc, char **argv) {
  struct hotrestart_error error;
  struct hotrestart_options options = {.pid_file = getenv("PID_FILE")};
  hotrestart *generation = hotrestart_start(&options, &error);
  if (!generation) goto failed;
  int listener = hotrestart_tcp(generation, "port", "127.0.0.1", argc > 1 ? atoi(argv[1]) : 7777, &error);
  if (listener < 0 || hotrestart_ready(generation, &error) < 0) goto failed;

  watched[0] = (struct pollfd){.fd = hotrestart_descriptor(generation), .events = POLLIN};
  watched[1] = (struct pollfd){.fd = listener, .events = POLLIN};
  while (!is_draining || count > 2) {
    poll(watched, count, -1);
    for (nfds_t place = count - 1; place >= 2; place--)
      if (watched[place].revents && !answer(place)) close_connection(place);
    if (watched[1].revents) accept_all();
    if (watched[0].revents) take_turn(generation);
  }
  return 0;

failed:
  fprintf(stderr, "%s\n", error.text);
  return 1;
}
