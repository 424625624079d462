// SPDX-License-Identifier: Apache-2.0
// A `lines` service that looks at each body, and writes down when it got it. Used by PowerCutTests.
//
//   witness ACCOUNT RECORD     for each message a line "NUMBER SIZE" in ACCOUNT, before it answers: SIZE is how long the
//                              file RECORD was then (0 if there is none), NUMBER 0 if the body is not as it was sent
//
// A body is its number, a colon, and as many times the same letter as the number says (as PowerCutLife sends it).
// Invariant: what was answered is in the account.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long whole(const char *body) {
  char *rest;
  unsigned long number = strtoul(body, &rest, 10), count = number * 37 % 1500 + (number % 40 ? 0 : 20000);
  if (*rest++ != ':') return 0;
  for (unsigned long i = 0; i < count; i++)
    if (*rest++ != (char)('a' + number % 26)) return 0;
  return *rest == '"' ? number : 0;
}

int main(int count, char **words) {
  if (count != 3) return 64;
  int account = open(words[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (account < 0) return 73;
  char *line = NULL, text[64];
  size_t room = 0;
  while (getline(&line, &room, stdin) > 0) {
    char *id = strstr(line, "\"id\":\""), *body = strstr(line, "\"body\":\"");
    struct stat record;
    if (!id || !body) return 70;
    long long size = stat(words[2], &record) ? 0 : (long long)record.st_size;
    int length = snprintf(text, sizeof text, "%lu %lld\n", whole(body + 8), size);
    if (write(account, text, (size_t)length) != length) return 74;
    id += 6;
    printf("ok %.*s\n", (int)strcspn(id, "\""), id);
    fflush(stdout);
  }
  return 0;
}
