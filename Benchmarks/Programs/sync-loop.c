// SPDX-License-Identifier: Apache-2.0
// sync-loop --board FILE --program FILE --count N --batch B [--size S]: the bare machine's way to the disk.
//
// Messages are written one behind the other into the named file, whose room is allocated before, B of them at a time; each
// write begins at a page of its own and is followed by fdatasync. Then they count as accepted, and as received.
#include "bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { page = 4096, room = 64 << 20 };

static int file_make(const char *path) {
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) die_errno(path);
  if (posix_fallocate(file, 0, room)) die("%s: no room for %d bytes", path, room);
  if (fsync(file)) die_errno("fsync");
  return file;
}

static void put(int file, const uint8_t *bytes, size_t length, off_t at) {
  if (pwrite(file, bytes, length, at) != (ssize_t)length) die_errno("pwrite");
  if (fdatasync(file)) die_errno("fdatasync");
}

int main(int argc, char **argv) {
  struct options options;
  struct pace pace;
  struct tally tally;
  options_read(&options, argc, argv);
  prepare_process();
  options.kind = "sync-loop";
  if (!options.program || !options.batch) die("--program FILE and --batch B are missing");
  struct shape shape = shape_make("", 0, options.size, "", 0);
  uint8_t *bytes = malloc(options.batch * shape.length);
  if (!bytes || options.batch * shape.length > room) die("--batch is too large");
  int file = file_make(options.program);
  off_t at = 0;
  tally_open(&tally, options.boards[0]);
  pace_begin(&pace, &options, UINT64_MAX / 2);
  for (uint64_t sent = 0; sent < pace.count && !board_stopped(&pace.board);) {
    size_t length = 0;
    tally_begin(&tally);
    for (uint64_t most = sent + options.batch; sent < most && sent < pace.count; sent++) {
      size_t one = shape_copy(&shape, bytes + length, sent);
      tally_take(&tally, bytes + length, one);
      length += one;
    }
    if (at + (off_t)length > room) at = 0;
    put(file, bytes, length, at);
    at = (at + (off_t)length + page - 1) & ~(off_t)(page - 1);
    tally_end(&tally);
    pace_sent(&pace, sent);
    board_set(&pace.board, word_accepted, sent);
  }
  board_set(&pace.board, word_last_accepted, now_ns());
  pace_print(&pace, &options);
  return 0;
}
