// SPDX-License-Identifier: Apache-2.0
// relay HOST:PORT frames|lines PROGRAM [ARGUMENT...]: the floor of what a broker of Belfry's shape costs.
//
// One process owns the port and copies each message into shared memory, the other one is woken by an eventfd and writes
// it to the program: the same processes, wakes, system calls and bytes as Belfry's, and nothing else: no routing, no
// outcomes, no settings, no limits, nothing that survives a crash. It is for messages that come at a pace; when the
// memory is full it ends. TCP: Belfry's own protocol, acked once per read, or syslog with octet counting. UDP: each
// datagram is a message.
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { header = 8, hello = 1, welcome = 2, ack = 4, most_descriptors = 1024, vector = 64, datagram = 2048 };

// What came on a connection and is not a whole message yet.
struct peer {
  uint64_t accepted;
  size_t length;
  uint8_t bytes[chunk];
};

static struct relay relay;
static struct peer *peers[most_descriptors];
static uint64_t next;

void relay_watch(int poller, int descriptor, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = descriptor};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)) die_errno("epoll_ctl");
}

static void copy_in(const uint8_t *bytes, size_t length) {
  struct relay_slot *slot = &relay.ring->slots[next % relay_slots];
  if (length > relay_longest) die("a message of %zu bytes is too long", length);
  if (next - __atomic_load_n(&relay.ring->tail, __ATOMIC_ACQUIRE) == relay_slots) die("messages come too fast");
  slot->length = (uint32_t)length;
  memcpy(slot->bytes, bytes, length);
  next++;
}

static void publish(void) {
  static const uint64_t one = 1;
  __atomic_store_n(&relay.ring->head, next, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&relay.ring->sleeping, __ATOMIC_SEQ_CST)) write_all(relay.bell, &one, sizeof one);
}

static uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}

// WELCOME and ACK: a header and a number, and what else WELCOME has.
static void tell(int descriptor, uint8_t type, uint64_t number, uint8_t length) {
  uint8_t frame[header + 12] = {0xB5, 1, type, 0, 0, 0, 0, length};
  number = __builtin_bswap64(number);
  memcpy(frame + header, &number, sizeof number);
  write_all(descriptor, frame, header + length);
}

// How many bytes the first message or frame takes; 0 if it is not whole.
static size_t take_native(int descriptor, struct peer *peer, const uint8_t *at, size_t left) {
  if (left < header || left < header + get32(at + 4)) return 0;
  size_t length = get32(at + 4), before = 10;
  if (at[2] == hello) {
    tell(descriptor, welcome, 0, 12);
  } else {
    before += (size_t)at[header + 8] << 8 | at[header + 9];
    copy_in(at + header + before, length - before);
    peer->accepted++;
  }
  return header + length;
}

static size_t take_counted(const uint8_t *at, size_t left) {
  size_t length = 0, digit = 0;
  while (digit < left && at[digit] != ' ') length = length * 10 + (size_t)(at[digit++] - '0');
  if (left < digit + 1 + length) return 0;
  copy_in(at + digit + 1, length);
  return digit + 1 + length;
}

static void hear(int descriptor) {
  struct peer *peer = peers[descriptor];
  ssize_t length = read(descriptor, peer->bytes + peer->length, chunk - peer->length);
  if (length <= 0) {
    close(descriptor);
    return;
  }
  uint64_t accepted = peer->accepted;
  size_t at = 0, taken;
  peer->length += (size_t)length;
  do {
    const uint8_t *bytes = peer->bytes + at;
    bool is_native = peer->length > at && *bytes == 0xB5;
    taken = is_native ? take_native(descriptor, peer, bytes, peer->length - at) : take_counted(bytes, peer->length - at);
    at += taken;
  } while (taken);
  memmove(peer->bytes, peer->bytes + at, peer->length -= at);
  publish();
  if (peer->accepted > accepted) tell(descriptor, ack, peer->accepted, 8);
}

static void hear_datagrams(int descriptor) {
  static uint8_t bytes[vector][datagram];
  struct iovec parts[vector];
  struct mmsghdr messages[vector];
  for (int i = 0; i < vector; i++) {
    parts[i] = (struct iovec){bytes[i], datagram};
    messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
  }
  int count = recvmmsg(descriptor, messages, vector, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) copy_in(bytes[i], messages[i].msg_len);
  publish();
}

static void accept_one(int listener, int poller) {
  static struct peer fresh[16];
  static int used;
  int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
  if (descriptor < 0 || descriptor >= most_descriptors) die_errno("accept4");
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  peers[descriptor] = &fresh[used++ % 16];
  memset(peers[descriptor], 0, sizeof *peers[descriptor]);
  relay_watch(poller, descriptor, EPOLLIN);
}

static int open_port(const char *address, int type) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = type}, *found;
  const char *colon = strrchr(address, ':');
  char host[64] = {0};
  int on = 1, descriptor;
  if (!colon || (size_t)(colon - address) >= sizeof host) die("%s: HOST:PORT is wanted", address);
  memcpy(host, address, (size_t)(colon - address));
  if (getaddrinfo(host, colon + 1, &hints, &found)) die("%s: no such address", address);
  descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(descriptor, found->ai_addr, found->ai_addrlen)) die_errno("bind");
  if (type == SOCK_STREAM && listen(descriptor, 16)) die_errno("listen");
  freeaddrinfo(found);
  return descriptor;
}

static void share(void) {
  relay.bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  relay.ring = mmap(NULL, sizeof *relay.ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (relay.bell < 0 || relay.ring == MAP_FAILED) die_errno("mmap");
}

int main(int argc, char **argv) {
  if (argc < 4) die("usage: relay HOST:PORT frames|lines PROGRAM [ARGUMENT...]");
  relay.frames = !strcmp(argv[2], "frames");
  relay.program = argv + 3;
  signal(SIGPIPE, SIG_IGN);
  share();
  int datagrams = open_port(argv[1], SOCK_DGRAM), listener = open_port(argv[1], SOCK_STREAM);
  pid_t worker = fork();
  if (worker < 0) die_errno("fork");
  if (!worker) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    relay_worker(&relay);
  }
  struct epoll_event events[vector];
  int poller = epoll_create1(EPOLL_CLOEXEC);
  relay_watch(poller, listener, EPOLLIN);
  relay_watch(poller, datagrams, EPOLLIN);
  for (;;) {
    int count = epoll_wait(poller, events, vector, -1);
    for (int i = 0; i < count; i++) {
      int descriptor = events[i].data.fd;
      if (descriptor == listener) accept_one(listener, poller);
      else if (descriptor == datagrams) hear_datagrams(descriptor);
      else hear(descriptor);
    }
  }
}
