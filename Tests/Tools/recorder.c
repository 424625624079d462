// SPDX-License-Identifier: Apache-2.0
// A fast service that keeps its own account, and the judge of that account. Used by the proofs of SystemTests.
//
//   recorder FOLDER …       serves a stream, lines or frames as it finds itself started: each body is "SENDER NUMBER …",
//                           perhaps behind a <PRI>; a record goes to FOLDER/<start>-<pid> before its ack; further words
//                           are passed over
//   recorder -x FOLDER …    serves as exec: its one record goes to the end of FOLDER/exec
//   recorder -r … FOLDER …  before the others: rejects those that is_rejected says, of which nothing is recorded
//   recorder -jK FOLDER N…  judges: N… are how many each sender has sent; prints, for each, what arrived. The order
//                           is checked among the numbers that are equal modulo K (1 if left out); `never` are those
//                           of the arrived that a -r service never takes
//
// Invariant: records are written before the acks of the same batch, so that whatever was acked is in the account.
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct record {
  uint32_t sender, number;
};
enum { senders = 1 << 16, room = 1 << 20, most_keys = 16 };

// Of a sender's numbers a -r service rejects every 16th, and when there is a FOLDER/.mended only every 32nd.
enum { sick = 16, never = 32 };

static char input[room], replies[room], mended[4096];
static struct record records[room / 32];
static size_t reply_bytes, record_count;

static void write_all(int fd, const void *bytes, size_t count) {
  for (size_t done = 0; done < count;) {
    ssize_t put = write(fd, (const char *)bytes + done, count - done);
    if (put < 0) exit(74);
    done += (size_t)put;
  }
}

static void settle(int account, int to) {
  write_all(account, records, record_count * sizeof *records);
  write_all(to, replies, reply_bytes);
  record_count = reply_bytes = 0;
}

static int is_rejected(uint32_t number) {
  return *mended && number % sick == 0 && (number % never == 0 || access(mended, F_OK) != 0);
}

// SENDER NUMBER, and whatever may follow; of a syslog message, behind its <PRI>. Gives whether it is taken.
static int note(const char *body) {
  char *end;
  if (*body == '<') body += strcspn(body, ">") + 1;
  records[record_count].sender = (uint32_t)strtoul(body, &end, 10);
  records[record_count].number = (uint32_t)strtoul(end, NULL, 10);
  if (is_rejected(records[record_count].number)) return 0;
  record_count++;
  return 1;
}

// One line {"id":"…", … "body":"SENDER NUMBER"…}; the members' order is not relied on.
static void take(char *line) {
  char *id = strstr(line, "\"id\":\""), *body = strstr(line, "\"body\":\"");
  if (!id || !body) exit(70);
  id += 6;
  size_t length = strcspn(id, "\"");
  // Shorter than the line that it answers.
  const char *format = note(body + 8) ? "ok %.*s\n" : "fail %.*s dead no\n";
  reply_bytes += (size_t)sprintf(replies + reply_bytes, format, (int)length, id);
}

// All whole lines of the input; gives how many bytes they are.
static size_t take_lines(size_t filled) {
  size_t start = 0;
  for (char *end; (end = memchr(input + start, '\n', filled - start)); start = (size_t)(end - input) + 1) {
    *end = 0;
    take(input + start);
  }
  return start;
}

static size_t big_endian(const char *at, int bytes) {
  size_t value = 0;
  while (bytes--) value = value << 8 | (uint8_t)*at++;
  return value;
}

static void put_big_endian(char *at, size_t value, int bytes) {
  while (bytes--) at[bytes] = (char)value, value >>= 8;
}

static int is_finished;

// All whole frames; the numbers of a batch follow each other, so one range answers them.
static size_t take_frames(size_t filled) {
  size_t start = 0, first = 0, last = 0;
  input[filled] = 0;
  while (filled - start >= 8) {
    char *frame = input + start, *payload = frame + 8;
    size_t length = big_endian(frame + 4, 4);
    if (filled - start < 8 + length) break;
    if (frame[2] == 17) {
      last = big_endian(payload, 8);
      if (!first) first = last;
      size_t parts = big_endian(payload + 40, 4) + big_endian(payload + 44, 2) + big_endian(payload + 46, 2);
      note(payload + big_endian(payload + 50, 2) + parts);
    }
    if (frame[2] == 20) is_finished = 1;
    start += 8 + length;
  }
  if (first) {
    memcpy(replies, "\xB5\1\22\0\0\0\0\20", 8);
    put_big_endian(replies + 8, first, 8);
    put_big_endian(replies + 16, last, 8);
    reply_bytes = 24;
  }
  return start;
}

static int open_account(const char *folder) {
  struct timespec now;
  char name[4096];
  clock_gettime(CLOCK_MONOTONIC, &now);
  snprintf(name, sizeof name, "%s/%012ld%09ld-%d", folder, (long)now.tv_sec, now.tv_nsec, (int)getpid());
  return open(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
}

static int serve(const char *folder) {
  int account = open_account(folder), from = 0, to = 1;
  if (account < 0) return 73;
  size_t (*take_all)(size_t) = take_lines;
  if (getenv("BELFRY_FD")) {
    from = to = atoi(getenv("BELFRY_FD"));
    take_all = take_frames;
    write_all(to, "\xB5\1\20\0\0\0\0\4\0\0\4\0", 12);  // a window of 1,024
  }
  size_t filled = 0;
  for (ssize_t got; !is_finished && (got = read(from, input + filled, room - 1 - filled)) > 0;) {
    filled += (size_t)got;
    size_t taken = take_all(filled);
    memmove(input, input + taken, filled -= taken);
    settle(account, to);
  }
  return 0;
}

static int serve_one(const char *folder) {
  char name[4096];
  snprintf(name, sizeof name, "%s/exec", folder);
  int account = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (account < 0) return 73;
  size_t filled = 0;
  for (ssize_t got; (got = read(0, input + filled, room - 1 - filled)) > 0;) filled += (size_t)got;
  if (!note(input)) return 65;
  settle(account, 1);
  return 0;
}

static uint8_t *seen[senders];
static uint64_t sent[senders], arrived[senders], twice[senders], disordered[senders], nevers[senders],
    foreign;
static uint32_t newest[senders][most_keys], keys = 1;

// First arrivals of a sender's notifications must come in its order; what comes again is counted apart.
static void judge_file(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (!file) exit(66);
  for (struct record r; fread(&r, sizeof r, 1, file) == 1;) {
    if (r.sender >= senders || r.number >= sent[r.sender]) {
      foreign++;
    } else if (seen[r.sender][r.number]++) {
      twice[r.sender]++;
    } else {
      uint32_t *last = &newest[r.sender][r.number % keys];
      arrived[r.sender]++;
      if (r.number % never == 0) nevers[r.sender]++;
      if (r.number < *last) disordered[r.sender]++;
      if (r.number > *last) *last = r.number;
    }
  }
  fclose(file);
}

static int no_dots(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static int judge(const char *folder, int count, char **numbers) {
  if (count > senders) return 64;
  for (int i = 0; i < count; i++) {
    sent[i] = strtoull(numbers[i], NULL, 10);
    seen[i] = calloc(sent[i] + 1, 1);
  }
  struct dirent **names;
  // By name is by start: of two processes that served one shard, the earlier was gone before the later began.
  int files = scandir(folder, &names, no_dots, alphasort);
  for (int i = 0; i < files; i++) judge_file(folder, names[i]->d_name);
  printf("processes %d foreign %llu\n", files, (unsigned long long)foreign);
  for (int i = 0; i < count; i++)
    printf("arrived %llu twice %llu disordered %llu newest %u never %llu\n", (unsigned long long)arrived[i],
           (unsigned long long)twice[i], (unsigned long long)disordered[i], newest[i][0],
           (unsigned long long)nevers[i]);
  return 0;
}

int main(int count, char **words) {
  if (count >= 4 && !strncmp(words[1], "-j", 2)) {
    if (words[1][2]) keys = (uint32_t)atoi(words[1] + 2);
    return keys < 1 || keys > most_keys ? 64 : judge(words[2], count - 3, words + 3);
  }
  if (count >= 3 && !strcmp(words[1], "-r")) {
    words++, count--;
    const char *folder = words[!strcmp(words[1], "-x") && count >= 3 ? 2 : 1];
    snprintf(mended, sizeof mended, "%s/.mended", folder);
  }
  if (count >= 3 && !strcmp(words[1], "-x")) return serve_one(words[2]);
  return count >= 2 ? serve(words[1]) : 64;
}
