// SPDX-License-Identifier: Apache-2.0
// Buffered reading for consumers: 64 KiB at a time, whole messages out of the buffer; the same for all protocols.
#ifndef READER_H
#define READER_H
#include "bench.h"

struct reader {
  int descriptor;
  uint8_t *bytes; // bytes[start..<end] has been read and not been taken
  size_t start, end, room;
};

struct reader reader_open(int descriptor);
// Waits for more, behind what is left. false: the stream has ended, or the run was stopped.
bool reader_fill(struct reader *reader, const struct board *board);
static inline size_t reader_left(const struct reader *reader) { return reader->end - reader->start; }
static inline const uint8_t *reader_at(const struct reader *reader) { return reader->bytes + reader->start; }
// The next line without its end, which is taken; NULL if there is no whole one yet.
const uint8_t *reader_line(struct reader *reader, size_t *length);
// Waits until there are so many bytes; the end of the program if they don't come. For greetings.
void reader_need(struct reader *reader, const struct board *board, size_t length);

// Answers, gathered while there is more to read, written at once.
struct answers {
  int descriptor;
  uint8_t bytes[2 * chunk];
  size_t length;
};

void answers_write(struct answers *answers);
static inline uint8_t *answers_room(struct answers *answers, size_t length) {
  if (answers->length + length > sizeof answers->bytes) answers_write(answers);
  return answers->bytes + answers->length;
}
#endif
