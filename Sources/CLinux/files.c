// SPDX-License-Identifier: Apache-2.0
// Files that have to outlast the machine's power: written at a place, synced, in a folder that is open.
// Used by LinuxIO's FileFolder.
// Invariant: every descriptor made here closes on exec, and no symbolic link is followed.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

// Bytes from which on a write is worth a call of its own to the disk.
enum { long_piece = 512 << 10 };

int belfry_open_in(int folder, const char *name, int writable) {
  int fd = openat(folder, name, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
  // What the kernel reads ahead counts as written in belfry_next_data, though nothing ever was.
  if (fd >= 0 && !writable) posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
  return fd;
}

int belfry_create_in(int folder, const char *name) {
  return openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int64_t belfry_next_data(int fd, uint64_t position) { return lseek(fd, (off_t)position, SEEK_DATA); }

long belfry_write_two(int fd, const void *first, size_t first_count, const void *second, size_t second_count,
                      uint64_t position) {
  struct iovec parts[2] = {{(void *)first, first_count}, {(void *)second, second_count}};
  ssize_t written = pwritev(fd, parts, 2, (off_t)position);
  // On its way while the next piece is gathered, so that the sync behind the last one waits for little. This is a hint: it
  // takes no error away from that sync, and where it fails there is nothing to be told.
  if (written >= long_piece) sync_file_range(fd, (off_t)position, written, SYNC_FILE_RANGE_WRITE);
  return written;
}
