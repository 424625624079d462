// SPDX-License-Identifier: Apache-2.0
// Starts a program as vfork does: nothing of the parent is copied, so that it costs the same whatever the parent maps.
// Used by LinuxIO's LaunchPlan, which has built every string beforehand.
// Invariant: until execve the child makes only system calls. It shares the parent's memory, so it writes nothing but
// its own stack, the two failed_ words and its own LISTEN_PID; glibc's setres*id would signal the parent's threads.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
// ThreadSanitizer's clone() takes every child for a fork, and would tidy up for it in the memory that is still ours.
int __clone(int (*run)(void *), void *stack, int flags, void *argument, ...);
#define clone __clone
#endif
#endif

static int close_on_exec(unsigned first, unsigned last) {
  return first > last ? 0 : (int)syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC);
}

/// Puts every source at its target and marks all the rest to be closed by execve.
static int place_descriptors(const struct belfry_launch *r) {
  int above = r->descriptor_count ? r->descriptors[r->descriptor_count - 1].target + 1 : 0;
  // First out of the way of all targets: a source may be the number that another one has to get.
  int moved[r->descriptor_count + 1];
  for (size_t i = 0; i < r->descriptor_count; i++) {
    moved[i] = fcntl(r->descriptors[i].source, F_DUPFD_CLOEXEC, above);
    if (moved[i] < 0) return -1;
  }
  unsigned next = 0;
  for (size_t i = 0; i < r->descriptor_count; i++) {
    int target = r->descriptors[i].target;
    if (dup2(moved[i], target) < 0) return -1;
    if ((unsigned)target > next && close_on_exec(next, (unsigned)target - 1) < 0) return -1;
    next = (unsigned)target + 1;
  }
  return close_on_exec(next, ~0U);
}

static int set_limits(const struct belfry_launch *r) {
  for (size_t i = 0; i < r->limit_count; i++) {
    struct rlimit limit = {.rlim_cur = r->limits[i].soft, .rlim_max = r->limits[i].hard};
    if (setrlimit(r->limits[i].resource, &limit) < 0) return -1;
  }
  return 0;
}

static int set_credentials(const struct belfry_launch *r) {
  if (!r->set_credentials) return 0;
  if (syscall(SYS_setgroups, r->group_count, r->groups) < 0) return -1;
  if (syscall(SYS_setresgid, r->group, r->group, r->group) < 0) return -1;
  return (int)syscall(SYS_setresuid, r->user, r->user, r->user);
}

// The kernel's own struct. Not by sigaction(), which refuses the two signals that glibc keeps for itself, though
// whoever started us may have left them ignored.
struct disposition {
  void (*handler)(int);
  unsigned long flags, restorer, mask, room[4];
};

uint64_t belfry_unusual_signals(void) {
  uint64_t unusual = 0;
  for (int signal = 1; signal <= 64; signal++) {
    struct disposition now = {0};
    if (syscall(SYS_rt_sigaction, signal, NULL, &now, 8UL) < 0) continue;
    if (now.handler != SIG_DFL) unusual |= 1ULL << (signal - 1);
  }
  return unusual;
}

/// Handlers must be gone before the mask opens: one of them would run in the parent's memory.
static int reset_signals(uint64_t unusual) {
  const struct disposition standard = {.handler = SIG_DFL};
  for (int signal = 1; unusual; signal++, unusual >>= 1) {
    if (unusual & 1 && syscall(SYS_rt_sigaction, signal, &standard, NULL, 8UL) < 0) return -1;
  }
  sigset_t none;
  sigemptyset(&none);
  return sigprocmask(SIG_SETMASK, &none, NULL);
}

static void write_pid(char *text) {
  char digits[16];
  int count = 0;
  for (unsigned pid = (unsigned)getpid(); pid > 0; pid /= 10) digits[count++] = (char)('0' + pid % 10);
  while (count > 0) *text++ = digits[--count];
  *text = 0;
}

static void fail(struct belfry_launch *r, int step) {
  r->failed_errno = errno;
  r->failed_step = step;
  // Not by _exit(): a sanitizer would hold the end of the test against this process, in memory that is still the parent's.
  syscall(SYS_exit_group, 127);
}

struct child {
  struct belfry_launch *request;
  pid_t parent;
};

static int run_child(void *argument) {
  const struct child *child = argument;
  struct belfry_launch *r = child->request;
  if (r->new_process_group && setpgid(0, 0) < 0) fail(r, belfry_step_group);
  // Before the limits: a low RLIMIT_NOFILE would refuse the numbers in between.
  if (place_descriptors(r) < 0) fail(r, belfry_step_descriptors);
  // Before the credentials: a hard limit may have to be raised.
  if (set_limits(r) < 0) fail(r, belfry_step_limits);
  if (set_credentials(r) < 0) fail(r, belfry_step_credentials);
  // After the credentials: a change of them clears it.
  if (r->death_signal) {
    if (prctl(PR_SET_PDEATHSIG, r->death_signal) < 0) fail(r, belfry_step_death_signal);
    // The parent may have died before the signal was asked for.
    errno = ESRCH;
    if (getppid() != child->parent) fail(r, belfry_step_parent);
  }
  // With the user's own rights.
  if (r->directory && chdir(r->directory) < 0) fail(r, belfry_step_directory);
  if (r->listen_pid) write_pid(r->listen_pid);
  if (reset_signals(r->unusual_signals) < 0) fail(r, belfry_step_signals);
  execve(r->path, r->arguments, r->environment);
  fail(r, belfry_step_exec);
  return 0;
}

int belfry_launch(struct belfry_launch *request, int *pidfd) {
  request->failed_step = belfry_step_none;
  request->failed_errno = 0;
  struct child child = {.request = request, .parent = getpid()};
  // The child's: on ours it would overwrite where we return to. It grows down everywhere that glibc's clone() knows.
  _Alignas(16) char stack[16384];
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // Suspends this thread until the child has executed or ended.
  int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | (request->as_sibling ? CLONE_PARENT : 0) | SIGCHLD;
  pid_t pid = clone(run_child, stack + sizeof stack, flags, &child, pidfd);
  int code = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (pid < 0) {
    request->failed_step = belfry_step_fork;
    request->failed_errno = code;
    return -1;
  }
  if (request->failed_step == belfry_step_none) return pid;
  // A sibling is our parent's to reap: there is nothing to wait for (ECHILD).
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  close(*pidfd);
  return -1;
}
