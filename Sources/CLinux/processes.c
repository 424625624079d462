// SPDX-License-Identifier: Apache-2.0
// pidfds, signalfd and rlimits.
// Used by LinuxIO's ProcessDescriptor, SignalDescriptor and CurrentProcess.
// Invariant: a process is named by its pidfd wherever the kernel allows it, never by a number that may be reused.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

const uint64_t belfry_rlimit_infinity = RLIM_INFINITY;

char *const *belfry_environment(void) { return environ; }

int belfry_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int belfry_pidfd_send_signal(int fd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
}

static int reap(idtype_t type, id_t id, int *status, int *signalled) {
  siginfo_t info = {0};
  int result;
  do result = waitid(type, id, &info, WEXITED | WNOHANG);
  while (result < 0 && errno == EINTR);
  if (result < 0) return -1;
  *status = info.si_status;
  *signalled = info.si_code != CLD_EXITED;
  return info.si_pid;  // 0 when nothing has ended
}

int belfry_pidfd_reap(int fd, int *status, int *signalled) {
  int pid = reap(P_PIDFD, (id_t)fd, status, signalled);
  return pid > 0 ? 1 : pid;
}

int belfry_reap_any(int *status, int *signalled) {
  int pid = reap(P_ALL, 0, status, signalled);
  return pid < 0 && errno == ECHILD ? 0 : pid;
}

static int forget_segments(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size, (void)unused;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    // What was written to would be lost: code alone, which nobody writes to.
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) || segment->p_flags & PF_W) continue;
    uintptr_t first = object->dlpi_addr + segment->p_vaddr;
    uintptr_t start = first & ~(page - 1);
    madvise((void *)start, first + segment->p_memsz - start, MADV_DONTNEED);
  }
  return 0;
}

void belfry_forget_code(void) { dl_iterate_phdr(forget_segments, NULL); }

int belfry_signalfd(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  int code = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (code != 0) {
    errno = code;
    return -1;
  }
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int belfry_signalfd_next(int fd, int *signal) {
  struct signalfd_siginfo info;
  ssize_t got;
  do got = read(fd, &info, sizeof info);
  while (got < 0 && errno == EINTR);
  if (got < 0) return errno == EAGAIN ? 0 : -1;
  *signal = (int)info.ssi_signo;
  return 1;
}

// A handler knows nothing but its signal.
static volatile sig_atomic_t bells[65];

static void ring(int signal) {
  int code = errno;
  uint64_t one = 1;
  ssize_t put = write(bells[signal], &one, sizeof one);
  (void)put;  // a counter at its top is readable as it is
  errno = code;
}

int belfry_ring_on_signal(int signal, int eventfd) {
  if (signal < 1 || signal > 64) {
    errno = EINVAL;
    return -1;
  }
  bells[signal] = eventfd;
  struct sigaction action = {.sa_handler = ring, .sa_flags = SA_RESTART};
  return sigaction(signal, &action, NULL);
}

int belfry_block_signal(int signal, int blocked) {
  sigset_t set;
  sigemptyset(&set);
  if (sigaddset(&set, signal) < 0) return -1;
  int code = pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
  if (code == 0) return 0;
  errno = code;
  return -1;
}

int belfry_rlimit_get(int resource, uint64_t *soft, uint64_t *hard) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) < 0) return -1;
  *soft = limit.rlim_cur;
  *hard = limit.rlim_max;
  return 0;
}

int belfry_rlimit_set(int resource, uint64_t soft, uint64_t hard) {
  struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
  return setrlimit(resource, &limit);
}
