// SPDX-License-Identifier: Apache-2.0
// acks --from HOST:PORT --board FILE [--program FILE]: the floor of what it costs to take messages from many senders.
//
// One process speaks Belfry's own protocol (docs/protocol.md, section 3): it reads each connection that has something,
// 64 KiB at a time as Belfry does, checks and counts the messages, and acks them with one write for each connection and
// round. With --program each round's messages are written to that file and synced before. Nothing else: no ring, no
// worker, no service, no limits. It ends with SIGTERM or the scoreboard's stop.
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum { header = 8, hello = 1, welcome = 2, ack = 4, most = 32768, longest = 4096 };
enum { events_at_once = 256, reads_a_round = 4, page = 4096, room = 64 << 20 };

// The beginning of a message lies here until the rest comes.
struct peer {
  int descriptor;
  uint64_t accepted, acked;
  size_t length;
  uint8_t bytes[longest];
};

static struct peer *peers[most];
static struct tally tally;

// What is to be written before the round's acks.
static struct {
  int file; // 0: nothing is
  uint8_t *bytes;
  size_t length;
  off_t at;
} disk;

static void disk_open(const char *path) {
  disk.file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  disk.bytes = malloc(room);
  if (disk.file < 0 || !disk.bytes || posix_fallocate(disk.file, 0, room) || fsync(disk.file)) die_errno(path);
}

static void disk_add(const uint8_t *bytes, size_t length) {
  if (disk.length + length > room) die("more than %d bytes in a round", room);
  memcpy(disk.bytes + disk.length, bytes, length);
  disk.length += length;
}

static void disk_sync(void) {
  if (!disk.length) return;
  if (disk.at + (off_t)disk.length > room) disk.at = 0;
  if (pwrite(disk.file, disk.bytes, disk.length, disk.at) != (ssize_t)disk.length) die_errno("pwrite");
  if (fdatasync(disk.file)) die_errno("fdatasync");
  disk.at = (disk.at + (off_t)disk.length + page - 1) & ~(off_t)(page - 1);
  disk.length = 0;
}

static uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}

static void tell(const struct peer *peer, uint8_t type, uint64_t number, uint8_t length) {
  uint8_t frame[header + 12] = {0xB5, 1, type, 0, 0, 0, 0, length};
  number = __builtin_bswap64(number);
  memcpy(frame + header, &number, sizeof number);
  write_all(peer->descriptor, frame, header + length);
}

// How many bytes of whole frames there were.
static size_t take(struct peer *peer, const uint8_t *bytes, size_t length) {
  size_t at = 0, frame;
  while (length - at >= header && length - at >= (frame = header + get32(bytes + at + 4))) {
    const uint8_t *payload = bytes + at + header;
    if (bytes[at + 2] == hello) {
      tell(peer, welcome, 0, 12);
    } else {
      size_t before = 10 + ((size_t)payload[8] << 8 | payload[9]);
      if (disk.file) disk_add(payload, frame - header);
      tally_take(&tally, payload + before, frame - header - before);
      peer->accepted++;
    }
    at += frame;
  }
  return at;
}

static void close_peer(struct peer *peer) {
  close(peer->descriptor);
  peers[peer->descriptor] = NULL;
  free(peer);
}

// false: it is gone.
static bool hear(struct peer *peer) {
  static uint8_t bytes[longest + chunk];
  for (int turn = 0; turn < reads_a_round; turn++) {
    memcpy(bytes, peer->bytes, peer->length);
    ssize_t length = recv(peer->descriptor, bytes + peer->length, chunk, MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN) return true;
    if (length <= 0) return false;
    size_t all = peer->length + (size_t)length, taken = take(peer, bytes, all);
    if (all - taken > longest) die("a message is too long");
    memcpy(peer->bytes, bytes + taken, peer->length = all - taken);
    if (length < chunk / 2) return true; // a short read: most probably there is no more
  }
  return true;
}

static void accept_all(int listener, int poller) {
  int descriptor, on = 1;
  while ((descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
    if (descriptor >= most) die("too many connections");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct peer *peer = peers[descriptor] = calloc(1, sizeof *peer);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (!peer || epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)) die_errno("epoll_ctl");
    peer->descriptor = descriptor;
  }
}

static void serve(int listener, int poller, const struct epoll_event *events, int count) {
  tally_begin(&tally);
  for (int i = 0; i < count; i++) {
    int descriptor = events[i].data.fd;
    if (descriptor == listener) accept_all(listener, poller);
    else if (!hear(peers[descriptor])) close_peer(peers[descriptor]);
  }
  disk_sync();
  tally_end(&tally);
  for (int i = 0; i < count; i++) {
    struct peer *peer = peers[events[i].data.fd];
    if (peer && peer->accepted > peer->acked) tell(peer, ack, peer->acked = peer->accepted, 8);
  }
}

static int open_port(const struct options *options) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
  int on = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (getaddrinfo(options->host, options->port, &hints, &found)) die("%s: no such address", options->host);
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(descriptor, found->ai_addr, found->ai_addrlen) || listen(descriptor, 4096)) die_errno("listen");
  freeaddrinfo(found);
  return descriptor;
}

int main(int argc, char **argv) {
  struct options options;
  options_read(&options, argc, argv);
  prepare_process();
  tally_open(&tally, options.boards[0]);
  if (options.program) disk_open(options.program);
  int listener = open_port(&options), poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event events[events_at_once] = {{.events = EPOLLIN, .data.fd = listener}};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, events)) die_errno("epoll_ctl");
  tally_ready(&tally);
  while (!board_stopped(&tally.board)) serve(listener, poller, events, epoll_wait(poller, events, events_at_once, 1000));
  return 0;
}
