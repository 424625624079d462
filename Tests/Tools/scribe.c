// SPDX-License-Identifier: Apache-2.0
// Writes down what a program does to the files of a folder `segments`: a library that stands before the C library's calls.
// Used by PowerCutTests, which has belfryd itself load it (patchelf --add-needed): its roles get no LD_PRELOAD.
//
// Built with -DSCRIBE_RECORD="PATH". There each call that has succeeded is a head, names and bytes, in one write: nothing
// that belfryd tells anybody can come before the entry of a sync that it has waited for.
// Invariant: a call does what it always does, and what fails is not written down.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { created = 1, written, grown, cut, synced, renamed, removed, folder_synced };

// Native byte order; behind it the two names, then the bytes.
struct head {
  uint64_t kind, file, position, name, other_name, bytes;
};

static void note(struct head head, const char *name, const char *other, const struct iovec *parts, int count) {
  int kept = errno, record = open(SCRIBE_RECORD, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct iovec all[8] = {{&head, sizeof head}, {(void *)name, strlen(name)}, {(void *)other, strlen(other)}};
  head.name = strlen(name);
  head.other_name = strlen(other);
  ssize_t wanted = (ssize_t)(sizeof head + head.name + head.other_name);
  for (int i = 0; i < count && i < 5; i++) {
    all[3 + i] = parts[i];
    head.bytes += parts[i].iov_len;
    wanted += (ssize_t)parts[i].iov_len;
  }
  // A record with a gap would prove nothing.
  if (record < 0 || count > 5 || writev(record, all, 3 + count) != wanted) abort();
  close(record);
  errno = kept;
}

static uint64_t number(int fd) {
  struct stat status;
  return fstat(fd, &status) ? 0 : status.st_ino;
}

// Whether the descriptor is the folder, or a file in it.
static int is_ours(int fd, int is_folder) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (is_folder) return length > 9 && !strcmp(path + length - 9, "/segments");
  return strstr(path, "/segments/") != NULL;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int openat(int folder, const char *name, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  int fd = REAL(openat)(folder, name, flags, mode);
  if (fd >= 0 && flags & O_CREAT && is_ours(folder, 1))
    note((struct head){.kind = created, .file = number(fd)}, name, "", NULL, 0);
  return fd;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t position) {
  ssize_t put = REAL(pwritev)(fd, parts, count, position);
  if (put > 0 && is_ours(fd, 0)) {
    struct head head = {.kind = written, .file = number(fd), .position = (uint64_t)position};
    note(head, "", "", parts, count);
  }
  return put;
}

int fallocate(int fd, int mode, off_t from, off_t count) {
  int result = REAL(fallocate)(fd, mode, from, count);
  if (!result && is_ours(fd, 0))
    note((struct head){.kind = grown, .file = number(fd), .position = (uint64_t)(from + count)}, "", "", NULL, 0);
  return result;
}

int ftruncate(int fd, off_t count) {
  int result = REAL(ftruncate)(fd, count);
  if (!result && is_ours(fd, 0))
    note((struct head){.kind = cut, .file = number(fd), .position = (uint64_t)count}, "", "", NULL, 0);
  return result;
}

static void note_sync(int fd) {
  if (is_ours(fd, 1)) note((struct head){.kind = folder_synced}, "", "", NULL, 0);
  else if (is_ours(fd, 0)) note((struct head){.kind = synced, .file = number(fd)}, "", "", NULL, 0);
}

int fdatasync(int fd) {
  int result = REAL(fdatasync)(fd);
  if (!result) note_sync(fd);
  return result;
}

int fsync(int fd) {
  int result = REAL(fsync)(fd);
  if (!result) note_sync(fd);
  return result;
}

int renameat(int folder, const char *name, int other_folder, const char *other) {
  int result = REAL(renameat)(folder, name, other_folder, other);
  if (!result && is_ours(folder, 1)) note((struct head){.kind = renamed}, name, other, NULL, 0);
  return result;
}

int unlinkat(int folder, const char *name, int flags) {
  int result = REAL(unlinkat)(folder, name, flags);
  if (!result && is_ours(folder, 1)) note((struct head){.kind = removed}, name, "", NULL, 0);
  return result;
}
