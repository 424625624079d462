// SPDX-License-Identifier: Apache-2.0
// The size of a terminal's window.
// Used by LinuxIO's Terminal: ioctl is variadic and its request a macro, neither of which Swift sees.
// Invariant: nothing is written unless 0 is returned.
#define _GNU_SOURCE
#include "CLinux.h"

#include <sys/ioctl.h>

int belfry_terminal_size(int fd, uint16_t *columns, uint16_t *rows) {
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) return -1;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return 0;
}
