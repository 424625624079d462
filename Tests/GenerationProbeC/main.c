// SPDX-License-Identifier: Apache-2.0
// What Tests/GenerationProbe is, in C and on the C face: it says what becomes of it over a channel inherited as "test".
// Used by HotRestartCTests. Usage: generation-probe-c [ends | state]
#define _GNU_SOURCE
#include <errno.h>
#include <hotrestart.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int channel;

static void say(const char *form, ...) {
  char words[1000];
  va_list values;
  va_start(values, form);
  int count = vsnprintf(words, sizeof words, form, values);
  va_end(values);
  struct pollfd room = {.fd = channel, .events = POLLOUT};
  poll(&room, 1, -1);
  if (send(channel, words, (size_t)count, MSG_NOSIGNAL) < 0) exit(1);
}

static int fail(const struct hotrestart_error *error) {
  fprintf(stderr, "%s\n", error->text);
  return 1;
}

static int by_hand(void *context) {
  (void)context;
  errno = EINVAL;
  return -1;
}

static int listen_anywhere(void *context) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, *(const int *)context | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 100) < 0) return -1;
  return fd;
}

static int port(int fd) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  return getsockname(fd, (struct sockaddr *)&address, &length) < 0 ? 0 : ntohs(address.sin_port);
}

/// The state is the text of all generations' numbers so far; a duplicate of the channel goes with it.
static void hand_over(hotrestart *generation, const char *text) {
  char next[200];
  int count = snprintf(next, sizeof next, "%s %d", text, hotrestart_generation(generation));
  struct hotrestart_descriptor descriptor = {.name = "channel", .descriptor = channel};
  struct hotrestart_error error;
  if (hotrestart_hand(generation, next, (size_t)count, &descriptor, 1, &error) < 0) exit(fail(&error));
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  int type = SOCK_STREAM;
  struct hotrestart_error error;
  struct hotrestart_options options = {.hands_state = strcmp(mode, "state") == 0};
  if (strcmp(mode, "ends") == 0) options.executable = "/bin/false";
  hotrestart *generation = hotrestart_start(&options, &error);
  if (!generation) return fail(&error);
  int number = hotrestart_generation(generation);
  channel = hotrestart_socket(generation, "test", 0, by_hand, NULL, &error);
  if (channel < 0) return fail(&error);
  int listener = hotrestart_socket(generation, "web", type, listen_anywhere, &type, &error);
  if (listener < 0) return fail(&error);

  struct hotrestart_state state = {0};
  int taken = hotrestart_take_state(generation, &state, &error);
  if (taken < 0) return fail(&error);
  char text[200] = "none";
  if (taken == 1) snprintf(text, sizeof text, "%.*s", (int)state.count, (const char *)state.bytes);
  for (size_t i = 0; i < state.descriptor_count; i++) {
    channel = state.descriptors[i].descriptor;
    say("descriptor %d %s", number, state.descriptors[i].name);
  }
  hotrestart_free_state(&state);
  if (hotrestart_ready(generation, &error) < 0) return fail(&error);
  say("ready %d %d %d", number, getpid(), port(listener));
  say("state %d %s", number, text);

  struct pollfd turn = {.fd = hotrestart_descriptor(generation), .events = POLLIN};
  while (poll(&turn, 1, -1) == 1) {
    switch (hotrestart_next(generation, 0, &error)) {
      case HOTRESTART_NOTHING: break;
      case HOTRESTART_HAND_OVER: hand_over(generation, text); break;
      case HOTRESTART_FAILED: say("failed %d %s", number, error.text); break;
      case HOTRESTART_DRAIN: say("drain %d", number); return 0;
      case HOTRESTART_OVERDUE: return 1;
    }
  }
  return 1;
}
