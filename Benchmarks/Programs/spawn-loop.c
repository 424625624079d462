// SPDX-License-Identifier: Apache-2.0
// spawn-loop --board FILE --count N [--in-flight 2] [--size S] [--program PATH]: the bare machine's process a message.
//
// posix_spawn of `once` (the one beside it unless another is named) with a pipe as stdin, the body written, waited for.
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *beside(const char *own, char path[PATH_MAX]) {
  const char *slash = strrchr(own, '/');
  int length = snprintf(path, PATH_MAX, "%.*sonce", slash ? (int)(slash - own) + 1 : 0, own);
  if (length >= PATH_MAX) die("the path is too long");
  return path;
}

static void launch(const char *program, const char *board, const struct shape *shape) {
  int ends[2];
  pid_t child;
  posix_spawn_file_actions_t actions;
  char *words[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)board, NULL};
  if (pipe2(ends, O_CLOEXEC)) die_errno("pipe2");
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
  errno = posix_spawn(&child, program, &actions, NULL, words, environ);
  if (errno) die_errno(program);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  write_all(ends[1], shape->bytes, shape->length);
  close(ends[1]);
}

static void reap(struct pace *pace, uint64_t *reaped) {
  int status;
  while (wait(&status) < 0)
    if (errno != EINTR) die_errno("wait");
  if (status) board_add(&pace->board, word_errors, 1);
  board_set(&pace->board, word_accepted, ++*reaped);
}

int main(int argc, char **argv) {
  struct options options;
  struct pace pace;
  char path[PATH_MAX];
  options_read(&options, argc, argv);
  prepare_process();
  options.kind = "spawn-loop";
  const char *program = options.program ? options.program : beside(argv[0], path);
  struct shape shape = shape_make("", 0, options.size, "", 0);
  uint64_t most = options.window ? options.window : 2, launched = 0, reaped = 0;
  pace_begin(&pace, &options, UINT64_MAX / 2);
  while (launched < pace.count && pace_wait(&pace, launched) > launched) {
    if (launched - reaped == most) reap(&pace, &reaped);
    digits_put(shape.bytes + shape.digits_at, launched);
    launch(program, options.boards[0], &shape);
    pace_sent(&pace, ++launched);
  }
  while (reaped < launched) reap(&pace, &reaped);
  board_set(&pace.board, word_last_accepted, now_ns());
  pace_print(&pace, &options);
  return 0;
}
