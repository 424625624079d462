// SPDX-License-Identifier: Apache-2.0
// Sends each line of stdin as a notification, and returns when all of them are accepted (by UDP: sent).
//
//   publish [-u] HOST PORT TOPIC
#define BELFRY_IMPLEMENTATION
#include "belfry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char memory[1 << 20], line[1 << 16];

static void refused(void *context, uint64_t number, unsigned code, const char *sentence) {
  (void)context;
  fprintf(stderr, "publish: notification %llu is refused, code %u: %s\n", (unsigned long long)number, code, sentence);
}

// The next line without its end; 0 when there is none. One that is longer than `line` comes in parts.
static int next(size_t *length) {
  if (!fgets(line, sizeof line, stdin)) return 0;
  *length = strcspn(line, "\n");
  return 1;
}

static int by_udp(const char *host, const char *port, const char *topic) {
  int result = BELFRY_OK, fd = belfry_udp_open(host, port);
  if (fd < 0) return fd;
  for (size_t length; !result && next(&length);) result = belfry_udp_send(fd, topic, line, length);
  close(fd);
  return result;
}

static int by_tcp(belfry_sender *sender, const char *host, const char *port, const char *topic) {
  int result = belfry_open(sender, host, port, memory, sizeof memory);
  if (result) return result;
  sender->on_refusal = refused;
  for (size_t length; !result && next(&length);) result = belfry_publish(sender, topic, line, length, NULL);
  int answered = belfry_flush(sender);
  belfry_close(sender);
  return result ? result : answered;
}

int main(int count, char **words) {
  int is_udp = count == 5 && !strcmp(words[1], "-u");
  if (count != 4 + is_udp) {
    fprintf(stderr, "usage: publish [-u] HOST PORT TOPIC\n");
    return 2;
  }
  belfry_sender sender;
  sender.detail[0] = 0;
  words += is_udp;
  int result = is_udp ? by_udp(words[1], words[2], words[3]) : by_tcp(&sender, words[1], words[2], words[3]);
  if (result == BELFRY_OK) return 0;
  fprintf(stderr, "publish: %s: %s\n", belfry_words(result), result == BELFRY_SYSTEM ? strerror(errno) : sender.detail);
  return 1;
}
