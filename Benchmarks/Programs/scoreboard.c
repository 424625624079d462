// SPDX-License-Identifier: Apache-2.0
// scoreboard create --board FILE --count N [--latencies]: makes an empty one.
// scoreboard show --board FILE: its words as one line of JSON, with what is missing of 0…N-1.
// scoreboard stop --board FILE: tells publisher and consumers to end.
#include "bench.h"

#include <stdio.h>
#include <string.h>

static void show(const struct board *board) {
  static const char *names[] = {"magic", "capacity", "received", "duplicates", "outOfOrder", "garbage", "firstReceipt",
                                "lastReceipt", "accepted", "sent", "firstSend", "lastSend", "lastAccepted", "errors",
                                "interval", "start", "flags", "ready", "stop"};
  uint64_t missing = 0;
  for (uint64_t i = 0; i < board->capacity; i++) missing += !board->seen[i];
  printf("{");
  for (int word = word_capacity; word <= word_stop; word++)
    printf("\"%s\":%llu,", names[word], (unsigned long long)board_get(board, (enum word)word));
  printf("\"missing\":%llu}\n", (unsigned long long)missing);
}

int main(int argc, char **argv) {
  struct options options;
  options_read(&options, argc, argv);
  if (options.kind && !strcmp(options.kind, "create")) {
    if (!options.count) die("--count is missing");
    board_create(options.boards[0], options.count, options.latencies);
    return 0;
  }
  struct board board = board_open(options.boards[0]);
  if (options.kind && !strcmp(options.kind, "show")) show(&board);
  else if (options.kind && !strcmp(options.kind, "stop")) board_set(&board, word_stop, 1);
  else die("create, show or stop");
  return 0;
}
