// SPDX-License-Identifier: Apache-2.0
// See reader.h.
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reader reader_open(int descriptor) {
  struct reader reader = {.descriptor = descriptor, .room = 2 * chunk};
  reader.bytes = malloc(reader.room);
  if (!reader.bytes) die_errno("malloc");
  return reader;
}

static void grow(struct reader *reader) {
  reader->room *= 2;
  reader->bytes = realloc(reader->bytes, reader->room);
  if (!reader->bytes) die_errno("realloc");
}

bool reader_fill(struct reader *reader, const struct board *board) {
  size_t left = reader_left(reader);
  if (left + chunk > reader->room) grow(reader);
  if (left && reader->start) memmove(reader->bytes, reader_at(reader), left);
  reader->start = 0;
  reader->end = left;
  for (;;) {
    ssize_t length = read(reader->descriptor, reader->bytes + left, chunk);
    if (length > 0) {
      reader->end += (size_t)length;
      return true;
    }
    if (length == 0) return false;
    if (errno != EAGAIN && errno != EINTR) die_errno("read");
    if (board_stopped(board)) return false;
  }
}

const uint8_t *reader_line(struct reader *reader, size_t *length) {
  const uint8_t *line = reader_at(reader), *end = memchr(line, '\n', reader_left(reader));
  if (!end) return NULL;
  *length = (size_t)(end - line);
  reader->start += *length + 1;
  if (*length && line[*length - 1] == '\r') --*length;
  return line;
}

void reader_need(struct reader *reader, const struct board *board, size_t length) {
  while (reader_left(reader) < length)
    if (!reader_fill(reader, board)) die("the broker said no more while it was greeted");
}

void answers_write(struct answers *answers) {
  if (answers->length) write_all(answers->descriptor, answers->bytes, answers->length);
  answers->length = 0;
}
