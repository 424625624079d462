// SPDX-License-Identifier: Apache-2.0
// relay HOST:PORT frames|lines PROGRAM [ARGUMENT...]: the floor of what a broker of Belfry's shape costs.
//
// One process owns the port and copies each message into shared memory, the other one is woken by an eventfd and writes
// it to the program: the same processes, wakes, system calls and bytes as Belfry's, and nothing else: no routing, no
// outcomes, no settings, no limits, nothing that survives a crash. When the memory is full it ends, so it is for messages
// that come at a pace, or by a sender with a backlog. TCP: Belfry's own protocol, acked once per read, or syslog with octet
// counting. UDP: each datagram is a message, bare or in a frame, alone or in a train (UDP_GRO); where many come, the socket
// is left to the clock, as Belfry does.
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udp.h>
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

enum { header = 8, hello = 1, welcome = 2, ack = 4, most_descriptors = 1024, vector = 64, datagram = 65536 };
enum { look_again = 50000, counted = 1000000, many = 64, few = 32, receive_buffer = 8 << 20 }; // ns; datagrams

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

static void take_datagram(const uint8_t *at, size_t length) {
  size_t before = *at == 0xB5 ? header + 10 + ((size_t)at[header + 8] << 8 | at[header + 9]) : 0;
  copy_in(at + before, length - before);
}

// All but the last datagram of a train are of one size.
static void take_train(struct msghdr *message, const uint8_t *bytes, size_t length) {
  struct cmsghdr *control = CMSG_FIRSTHDR(message);
  int segment = (int)length;
  if (control && control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO)
    memcpy(&segment, CMSG_DATA(control), sizeof segment);
  for (size_t at = 0; at < length; at += (size_t)segment)
    take_datagram(bytes + at, length - at < (size_t)segment ? length - at : (size_t)segment);
}

// How many datagrams or trains there were.
static int hear_datagrams(int descriptor) {
  static uint8_t bytes[vector][datagram];
  static char controls[vector][CMSG_SPACE(sizeof(int))];
  struct iovec parts[vector];
  struct mmsghdr messages[vector];
  for (int i = 0; i < vector; i++) {
    parts[i] = (struct iovec){bytes[i], datagram};
    messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = controls[i],
                                               .msg_controllen = sizeof controls[i]}};
  }
  int count = recvmmsg(descriptor, messages, vector, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) take_train(&messages[i].msg_hdr, bytes[i], messages[i].msg_len);
  publish();
  return count;
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

// Whether the socket is left to the clock, behind a look that has brought so many.
static bool by_clock(bool is_now, int found) {
  static uint64_t begun, count;
  uint64_t now = now_ns(), elapsed = now - begun;
  count += found > 0 ? (uint64_t)found : 0;
  if (elapsed < counted) return is_now;
  is_now = count * counted >= (is_now ? few : many) * elapsed;
  begun = now;
  count = 0;
  return is_now;
}

_Noreturn static void serve(int listener, int datagrams, int poller) {
  const struct timespec pause = {.tv_nsec = look_again};
  struct epoll_event events[vector];
  bool is_polling = false;
  relay_watch(poller, listener, EPOLLIN);
  relay_watch(poller, datagrams, EPOLLIN);
  for (;;) {
    int count = epoll_pwait2(poller, events, vector, is_polling ? &pause : NULL, NULL);
    bool looks = is_polling, was_polling = is_polling;
    for (int i = 0; i < count; i++) {
      int descriptor = events[i].data.fd;
      if (descriptor == listener) accept_one(listener, poller);
      else if (descriptor == datagrams) looks = true;
      else hear(descriptor);
    }
    if (looks) is_polling = by_clock(is_polling, hear_datagrams(datagrams));
    if (is_polling && !was_polling) epoll_ctl(poller, EPOLL_CTL_DEL, datagrams, NULL);
    if (was_polling && !is_polling) relay_watch(poller, datagrams, EPOLLIN);
  }
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
  setsockopt(datagrams, IPPROTO_UDP, UDP_GRO, &(int){1}, sizeof(int));
  setsockopt(datagrams, SOL_SOCKET, SO_RCVBUFFORCE, &(int){receive_buffer}, sizeof(int));
  serve(listener, datagrams, epoll_create1(EPOLL_CLOEXEC));
}
