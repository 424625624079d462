// SPDX-License-Identifier: Apache-2.0
// What Swift cannot see through Glibc: declarations behind _GNU_SOURCE, macros and variadic calls.
// Used by LinuxIO alone; nothing here decides anything. Every function keeps the manners of the call that
// it stands for: -1 and errno. Only plain types cross this header, so that it can't clash with Glibc's module.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Descriptors and memory files (descriptors.c)
int belfry_memfd_create(const char *name);
int belfry_allocate(int fd, uint64_t size);
int belfry_collapse(void *base, size_t length);  // into huge pages, or an error
int belfry_add_seals(int fd, int seals);
int belfry_get_seals(int fd);
int belfry_pipe(int ends[2]);
int belfry_eventfd(void);
int belfry_prctl(int option, unsigned long argument);
const char *belfry_error_text(int code);
extern const int belfry_seal_geometry;  // neither shrink nor grow
extern const int belfry_seal_contents;  // no write, no further seal
extern const int belfry_pr_set_pdeathsig, belfry_pr_set_child_subreaper, belfry_pr_set_name, belfry_pr_set_no_new_privs;

// Checksums (checksums.c)
/// Goes on from `sum`; begins with all bits set, and is turned over at the end.
uint32_t belfry_crc32c(uint32_t sum, const void *bytes, size_t count);
/// The same without the processor's help.
uint32_t belfry_crc32c_by_table(uint32_t sum, const void *bytes, size_t count);

/// SHA-256 (sha256.c): begin (plainly: without the processor's help), add any number of times, end.
struct belfry_sha256 {
  uint32_t state[8];
  uint64_t total;
  size_t filled;
  int plain;
  uint8_t block[64];
};
void belfry_sha256_begin(struct belfry_sha256 *sum, int plain);
void belfry_sha256_add(struct belfry_sha256 *sum, const void *bytes, size_t count);
void belfry_sha256_end(struct belfry_sha256 *sum, uint8_t digest[32]);

// Files in a folder that is open (files.c)
int belfry_open_in(int folder, const char *name, int writable);
/// Mode 0600; a name that is there is an error.
int belfry_create_in(int folder, const char *name);
// -1 and ENXIO if nothing was written from there on.
int64_t belfry_next_data(int fd, uint64_t position);
long belfry_write_two(int fd, const void *first, size_t first_count, const void *second, size_t second_count,
                      uint64_t position);

// epoll (polling.c); the event array is opaque, because struct epoll_event is packed on one architecture only.
extern const size_t belfry_event_size;
extern const uint32_t belfry_event_in, belfry_event_out, belfry_event_rdhup, belfry_event_hup, belfry_event_err,
    belfry_event_edge;
int belfry_epoll_create(void);
int belfry_epoll_add(int epoll, int fd, uint32_t events, uint64_t token);
int belfry_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token);
int belfry_epoll_remove(int epoll, int fd);
int belfry_epoll_wait(int epoll, void *events, int count, int64_t timeout_ns);  // < 0 waits for ever
uint32_t belfry_event_flags(const void *events, int index);
uint64_t belfry_event_token(const void *events, int index);

// The window of a terminal (terminals.c)
int belfry_terminal_size(int fd, uint16_t *columns, uint16_t *rows);

// Processes and signals (processes.c)
char *const *belfry_environment(void);
int belfry_pidfd_open(int pid);
int belfry_pidfd_send_signal(int fd, int signal);
/// 1 and the status when the process has ended and is reaped now, 0 when it still runs.
int belfry_pidfd_reap(int fd, int *status, int *signalled);
/// Reaps any ended child: its pid, 0 when none has ended or there is none.
int belfry_reap_any(int *status, int *signalled);
/// Unmaps the pages of all code; those that are used again come back from the page cache.
void belfry_forget_code(void);
/// Blocks the signals for the calling thread and opens a non-blocking signalfd for them.
int belfry_signalfd(const int *signals, int count);
/// 1 and the signal, 0 when none is waiting.
int belfry_signalfd_next(int fd, int *signal);
/// From now on the signal adds one to the eventfd, whichever thread it interrupts.
int belfry_ring_on_signal(int signal, int eventfd);
/// For the calling thread, and those that it makes.
int belfry_block_signal(int signal, int blocked);
int belfry_rlimit_get(int resource, uint64_t *soft, uint64_t *hard);
int belfry_rlimit_set(int resource, uint64_t soft, uint64_t hard);
extern const uint64_t belfry_rlimit_infinity;

// Launching (launch.c)
enum belfry_launch_step {
  belfry_step_none = 0,
  belfry_step_fork,
  belfry_step_group,
  belfry_step_descriptors,
  belfry_step_limits,
  belfry_step_credentials,
  belfry_step_death_signal,
  belfry_step_parent,
  belfry_step_directory,
  belfry_step_signals,
  belfry_step_exec,
};
struct belfry_limit {
  int resource;
  uint64_t soft, hard;
};
struct belfry_descriptor {
  int source, target;
};
struct belfry_launch {
  const char *path;
  char *const *arguments;
  char *const *environment;
  const char *directory;                       // or null
  char *listen_pid;                            // room for ten digits and a NUL inside the environment, or null
  const struct belfry_descriptor *descriptors;  // sorted by target, no target twice
  size_t descriptor_count;
  const struct belfry_limit *limits;
  size_t limit_count;
  const uint32_t *groups;
  size_t group_count;
  uint32_t user, group;
  int set_credentials;
  int new_process_group;
  int as_sibling;  // a child of our own parent
  int death_signal;  // or 0
  uint64_t unusual_signals;
  // Told back by the child, which shares this memory until it execs.
  volatile int failed_step;
  volatile int failed_errno;
};
/// The child's pid and pidfd, or -1 with failed_step and failed_errno set and the child reaped (a sibling is left to our
/// parent). Changes nothing of the caller's.
int belfry_launch(struct belfry_launch *request, int *pidfd);
/// Those that this process ignores or handles, signal n as bit n - 1.
uint64_t belfry_unusual_signals(void);

// Sockets (sockets.c)
int belfry_accept(int fd, void *address, uint32_t *length);  // non-blocking, close on exec
int belfry_peer_credentials(int fd, int *pid, uint32_t *user, uint32_t *group);
int belfry_peer_groups(int fd, uint32_t *groups, uint32_t *count);  // ERANGE: so many there are
int belfry_socket_drops(int fd, uint32_t *drops);
int belfry_set_udp_gro(int fd);
int belfry_has_udp_segment(int fd);  // 1 or 0
/// One send; cut into datagrams of `segment` bytes by the kernel if that is not 0.
ptrdiff_t belfry_send_segments(int fd, const void *bytes, size_t count, uint16_t segment);
int belfry_set_receive_buffer(int fd, int bytes);  // SO_RCVBUFFORCE, else SO_RCVBUF
int belfry_get_option(int fd, int option, int *value);  // SOL_SOCKET
extern const int belfry_so_domain, belfry_so_type, belfry_so_acceptconn, belfry_so_error, belfry_so_rcvbuf;
ptrdiff_t belfry_send_packet(int fd, const void *bytes, size_t count, int passed);    // passed: or -1
ptrdiff_t belfry_receive_packet(int fd, void *bytes, size_t count, int *passed);  // -1 in passed: none came
enum { belfry_most_passed = 253 };  // SCM_MAX_FD
/// The descriptors go with the first byte; no more than belfry_most_passed.
ptrdiff_t belfry_send_descriptors(int fd, const void *bytes, size_t count, const int *passed, size_t passed_count);
/// Room for belfry_most_passed. EMFILE, and none of them stays open, if this process may not have as many as came.
ptrdiff_t belfry_receive_descriptors(int fd, void *bytes, size_t count, int *passed, size_t *passed_count);

// Datagram arrays in shared memory (datagrams.c). Byte offsets are the layout; see LinuxIO/DatagramArray.swift.
void belfry_datagrams_attach(void *slice, uint32_t count, uint32_t buffer_size);
void belfry_datagrams_reset(void *slice, uint32_t count);
int belfry_datagrams_receive(int fd, void *slice, uint32_t first, uint32_t count);
uint32_t belfry_datagrams_segment(const void *slice, uint32_t count, uint32_t index);

/// Tells the processor that this thread is spinning.
static inline void belfry_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}
