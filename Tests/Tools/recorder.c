// SPDX-License-Identifier: Apache-2.0
// A fast stream service that keeps its own account, and the judge of that account. Used by the proofs of SystemTests.
//
//   recorder FOLDER        serves: each body is "SENDER NUMBER"; a record goes to FOLDER/<start>-<pid> before its ack
//   recorder -j FOLDER N…  judges: N… are how many each sender has sent; prints, for each, what arrived
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
enum { senders = 4096, room = 1 << 20 };

static char input[room], replies[room];
static struct record records[room / 32];
static size_t reply_bytes, record_count;

static void write_all(int fd, const void *bytes, size_t count) {
  for (size_t done = 0; done < count;) {
    ssize_t put = write(fd, (const char *)bytes + done, count - done);
    if (put < 0) exit(74);
    done += (size_t)put;
  }
}

static void settle(int account) {
  write_all(account, records, record_count * sizeof *records);
  write_all(1, replies, reply_bytes);
  record_count = reply_bytes = 0;
}

// One line {"id":"…", … "body":"SENDER NUMBER"…}; the members' order is not relied on.
static void take(char *line) {
  char *id = strstr(line, "\"id\":\""), *body = strstr(line, "\"body\":\"");
  if (!id || !body) exit(70);
  id += 6;
  size_t length = strcspn(id, "\"");
  char *end;
  records[record_count].sender = (uint32_t)strtoul(body + 8, &end, 10);
  records[record_count++].number = (uint32_t)strtoul(end, NULL, 10);
  memcpy(replies + reply_bytes, "ok ", 3);
  memcpy(replies + reply_bytes + 3, id, length);
  replies[reply_bytes + 3 + length] = '\n';
  reply_bytes += length + 4;
}

static int serve(const char *folder) {
  struct timespec now;
  char name[4096];
  clock_gettime(CLOCK_MONOTONIC, &now);
  snprintf(name, sizeof name, "%s/%012ld%09ld-%d", folder, (long)now.tv_sec, now.tv_nsec, (int)getpid());
  int account = open(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (account < 0) return 73;
  size_t filled = 0;
  for (ssize_t got; (got = read(0, input + filled, room - 1 - filled)) > 0;) {
    filled += (size_t)got;
    size_t start = 0;
    for (char *end; (end = memchr(input + start, '\n', filled - start)); start = (size_t)(end - input) + 1) {
      *end = 0;
      take(input + start);
      if (record_count == sizeof records / sizeof *records || reply_bytes > room / 2) settle(account);
    }
    memmove(input, input + start, filled -= start);
    settle(account);
  }
  return 0;
}

static uint8_t *seen[senders];
static uint64_t sent[senders], arrived[senders], twice[senders], disordered[senders], foreign;
static uint32_t newest[senders];

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
      if (arrived[r.sender]++ && r.number < newest[r.sender]) disordered[r.sender]++;
      if (r.number > newest[r.sender]) newest[r.sender] = r.number;
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
    printf("arrived %llu twice %llu disordered %llu\n", (unsigned long long)arrived[i], (unsigned long long)twice[i],
           (unsigned long long)disordered[i]);
  return 0;
}

int main(int count, char **words) {
  if (count == 2) return serve(words[1]);
  if (count > 3 && !strcmp(words[1], "-j")) return judge(words[2], count - 3, words + 3);
  return 64;
}
