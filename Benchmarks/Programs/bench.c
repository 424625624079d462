// SPDX-License-Identifier: Apache-2.0
// Options, errors, clock, sockets: the part of bench.h that knows of no message.
#include "bench.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

volatile bool interrupted;
static const char *program_name = "bench";

void die(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "%s: ", program_name);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  va_end(list);
  exit(1);
}

void die_errno(const char *what) { die("%s: %s", what, strerror(errno)); }

static uint64_t number_of(const char *name, const char *text) {
  char *end;
  errno = 0;
  uint64_t value = strtoull(text, &end, 10);
  if (errno || end == text || *end) die("%s %s is no number", name, text);
  return value;
}

static void address_of(struct options *options, const char *text) {
  const char *colon = strrchr(text, ':');
  if (!colon || (size_t)(colon - text) >= sizeof options->host || strlen(colon + 1) >= sizeof options->port)
    die("%s is no HOST:PORT", text);
  memcpy(options->host, text, (size_t)(colon - text));
  options->host[colon - text] = 0;
  strcpy(options->port, colon + 1);
  options->has_address = true;
}

static void add_board(struct options *options, const char *path) {
  if (options->board_count == most_boards) die("--board may be given %d times", most_boards);
  options->boards[options->board_count++] = path;
}

void options_read(struct options *options, int argc, char **argv) {
  memset(options, 0, sizeof *options);
  const char *slash = strrchr(argv[0], '/');
  program_name = slash ? slash + 1 : argv[0];
  struct {
    const char *name;
    uint64_t *number;
    const char **text;
  } table[] = {{"--count", &options->count, 0},       {"--size", &options->size, 0},
               {"--rate", &options->rate, 0},         {"--window", &options->window, 0},
               {"--batch", &options->batch, 0},       {"--connections", &options->connections, 0},
               {"--in-flight", &options->window, 0},
               {"--backlog", &options->backlog, 0},   {"--topic", 0, &options->topic},
               {"--program", 0, &options->program},   {0, 0, 0}};
  for (int i = 1; i < argc; i++) {
    int row = 0;
    while (table[row].name && strcmp(table[row].name, argv[i])) row++;
    if (!strcmp(argv[i], "--confirm")) options->confirm = true;
    else if (!strcmp(argv[i], "--latencies")) options->latencies = true;
    else if (!strcmp(argv[i], "--ack-all")) options->ack_all = true;
    else if (argv[i][0] != '-' && !options->kind) options->kind = argv[i];
    else if (i + 1 == argc) die("%s wants a value, or is no option", argv[i]);
    else if (!strcmp(argv[i], "--to") || !strcmp(argv[i], "--from")) address_of(options, argv[++i]);
    else if (!strcmp(argv[i], "--board")) add_board(options, argv[++i]);
    else if (!table[row].name) die("%s is no option", argv[i]);
    else if (table[row].number) i++, *table[row].number = number_of(argv[i - 1], argv[i]);
    else *table[row].text = argv[++i];
  }
  if (!options->board_count) die("--board FILE is missing");
  if (!options->connections) options->connections = 1;
  if (!options->size) options->size = 128;
  if (options->size < shortest_body) die("--size is at least %d", shortest_body);
}

static uint64_t read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t now_ns(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t cpu_ns(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

void sleep_until(uint64_t time) {
  struct timespec until = {.tv_sec = (time_t)(time / 1000000000u), .tv_nsec = (long)(time % 1000000000u)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void interrupt(int signal) {
  (void)signal;
  interrupted = true;
}

void prepare_process(void) {
  struct sigaction action = {.sa_handler = interrupt}; // no SA_RESTART: a read that waits has to end
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1); // or the kernel makes every sleep up to 50 µs longer
  struct rlimit files;
  if (!getrlimit(RLIMIT_NOFILE, &files)) {
    files.rlim_cur = files.rlim_max; // for ten thousand connections
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

static struct addrinfo *resolve(const struct options *options, int type) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = type}, *found;
  if (!options->has_address) die("%s: an address (--to or --from HOST:PORT) is missing", options->kind);
  int code = getaddrinfo(options->host, options->port, &hints, &found);
  if (code) die("%s: %s", options->host, gai_strerror(code));
  return found;
}

int dial(const struct options *options, int type) {
  struct addrinfo *address = resolve(options, type);
  int descriptor = socket(address->ai_family, type | SOCK_CLOEXEC, 0), on = 1;
  if (descriptor < 0) die_errno("socket");
  if (connect(descriptor, address->ai_addr, address->ai_addrlen)) die_errno("connect");
  freeaddrinfo(address);
  if (type == SOCK_STREAM) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A consumer that waits looks at the stop word ten times a second.
  struct timeval wait = {.tv_usec = 100000};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  return descriptor;
}

int listen_udp(const struct options *options) {
  struct addrinfo *address = resolve(options, SOCK_DGRAM);
  int descriptor = socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 8 << 20; // as Belfry's default
  if (descriptor < 0) die_errno("socket");
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  struct timeval wait = {.tv_usec = 100000};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  if (bind(descriptor, address->ai_addr, address->ai_addrlen)) die_errno("bind");
  freeaddrinfo(address);
  return descriptor;
}

void write_all(int descriptor, const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  while (length) {
    ssize_t written = write(descriptor, at, length);
    if (written < 0 && errno == EAGAIN) {
      struct pollfd ready = {.fd = descriptor, .events = POLLOUT};
      poll(&ready, 1, -1);
    } else if (written < 0 && errno != EINTR) {
      die_errno("write");
    }
    if (written > 0) at += written, length -= (size_t)written;
  }
}
