// SPDX-License-Identifier: Apache-2.0
// Descriptors and memory files: memfd, seals, pipes, eventfd, prctl.
// Used by LinuxIO's Descriptor, MemoryFile, EventCounter and CurrentProcess.
// Invariant: every descriptor made here closes on exec.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

const int belfry_seal_geometry = F_SEAL_SHRINK | F_SEAL_GROW;
const int belfry_seal_contents = F_SEAL_WRITE | F_SEAL_SEAL;
const int belfry_pr_set_pdeathsig = PR_SET_PDEATHSIG;
const int belfry_pr_set_child_subreaper = PR_SET_CHILD_SUBREAPER;
const int belfry_pr_set_name = PR_SET_NAME;
const int belfry_pr_set_no_new_privs = PR_SET_NO_NEW_PRIVS;

int belfry_memfd_create(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  // Kernels before 6.3 don't know the flag.
  if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd;
}

int belfry_allocate(int fd, uint64_t size) { return fallocate(fd, 0, 0, (off_t)size); }

int belfry_collapse(void *base, size_t length) { return madvise(base, length, MADV_COLLAPSE); }

int belfry_add_seals(int fd, int seals) { return fcntl(fd, F_ADD_SEALS, seals); }

int belfry_get_seals(int fd) { return fcntl(fd, F_GET_SEALS); }

int belfry_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int belfry_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int belfry_prctl(int option, unsigned long argument) { return prctl(option, argument, 0UL, 0UL, 0UL); }

const char *belfry_error_text(int code) { return strerrordesc_np(code); }
