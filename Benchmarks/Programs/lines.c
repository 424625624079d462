// SPDX-License-Identifier: Apache-2.0
// Programs that read messages by lines on stdin and answer on stdout: Belfry's `lines` services (docs/protocol.md,
// section 8), rsyslog's omprog, syslog-ng's program().
//
// Answers are written once per read. The end of stdin is the end; the result goes to stderr, stdout being taken.
#include "kinds.h"
#include "reader.h"

#include <string.h>

static struct answers answers = {.descriptor = 1};

static void answer(const char *words, size_t length) {
  memcpy(answers_room(&answers, length), words, length);
  answers.length += length;
}

// `ok ID`, where the line begins with {"id":"ID".
static void answer_ok(const uint8_t *line, size_t length) {
  static const char start[] = "{\"id\":\"";
  const size_t before = sizeof start - 1;
  if (length < before || memcmp(line, start, before)) die("a line that is no delivery");
  const uint8_t *id = line + before, *end = memchr(id, '"', length - before);
  if (!end) die("an id without an end");
  answer("ok ", 3);
  answer((const char *)id, (size_t)(end - id));
  answer("\n", 1);
}

static void consume(struct options *options, void (*respond)(const uint8_t *line, size_t length)) {
  struct tally tally;
  tally_open(&tally, options->boards[0]);
  struct reader reader = reader_open(0);
  const uint8_t *line;
  size_t length;
  answers_write(&answers); // omprog wants to hear that the program is there
  tally_ready(&tally);
  while (reader_fill(&reader, &tally.board)) {
    tally_begin(&tally);
    while ((line = reader_line(&reader, &length))) {
      tally_take(&tally, line, length);
      if (respond) respond(line, length);
    }
    tally_end(&tally);
    answers_write(&answers);
  }
  tally_print(&tally, options, 2);
}

void consume_lines(struct options *options) { consume(options, answer_ok); }

static void answer_omprog(const uint8_t *line, size_t length) {
  (void)line;
  (void)length;
  answer("OK\n", 3);
}

void consume_omprog(struct options *options) {
  if (options->confirm) answer("OK\n", 3);
  consume(options, options->confirm ? answer_omprog : NULL);
}
