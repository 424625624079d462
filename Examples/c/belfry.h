// SPDX-License-Identifier: Apache-2.0
/* Sends notifications to Belfry (docs/protocol.md, section 3), from one header, in C99 or C++, on any POSIX system.
 *
 *     #define BELFRY_IMPLEMENTATION      in one source file of a program, before any other header
 *     #include "belfry.h"
 *
 *     static char memory[1 << 20];       holds what is not acked yet
 *     belfry_sender sender;
 *     int result = belfry_open(&sender, "127.0.0.1", "2355", memory, sizeof memory);
 *     if (!result) result = belfry_publish(&sender, "alerts.disk.full", "sda1 at 97 %", 12, NULL);  does not wait
 *     if (!result) result = belfry_flush(&sender);                          0: the broker has accepted everything
 *     if (result) fprintf(stderr, "%s: %s\n", belfry_words(result), sender.detail);
 *     belfry_close(&sender);
 *
 * Nothing is allocated (but by the system's look-up of names), no signal is raised, nothing is printed. A sender numbers
 * its notifications and names itself with a random id; what it sends again after a broken connection is taken once. It
 * may be used by one thread at a time. UDP, which nobody answers: belfry_udp_open and belfry_udp_send.
 */
#ifndef BELFRY_H
#define BELFRY_H

#if defined(BELFRY_IMPLEMENTATION) && !defined(_POSIX_C_SOURCE) && !defined(_GNU_SOURCE)
#ifdef _FEATURES_H
#error "include belfry.h before any other header, or compile with -D_POSIX_C_SOURCE=200809L"
#endif
#define _POSIX_C_SOURCE 200809L
#endif

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the functions return: 0, or one of these. */
enum {
  BELFRY_OK = 0,
  BELFRY_TIMEOUT = -1,   /* not within timeout_ms; nothing is lost, the next call goes on. `detail` says what failed */
  BELFRY_REFUSED = -2,   /* the broker did not take some notifications (flush only); it took all others */
  BELFRY_BAD_TOPIC = -3, /* not 1 to 255 bytes of tokens of A-Z a-z 0-9 _ % - with single dots between them */
  BELFRY_TOO_LARGE = -4, /* the body is over the broker's port.max-message, or over what `memory` or a datagram holds */
  BELFRY_PROTOCOL = -5,  /* the peer does not speak this protocol, or has ended the stream for good */
  BELFRY_SYSTEM = -6     /* a system call failed; errno tells */
};

/* Told of each notification that was not taken. code and sentence: docs/protocol.md, section 7. It must not call the
 * sender's functions. */
typedef void belfry_on_refusal(void *context, uint64_t number, unsigned code, const char *sentence);

typedef struct belfry_sender {
  /* To be set between belfry_open and the first belfry_publish, where the defaults are not right. */
  uint8_t id[16];                /* random. A program that keeps its id over runs goes on with the id's numbers */
  int timeout_ms;                /* 10000: how long a call may wait at most; -1: for ever */
  belfry_on_refusal *on_refusal; /* NULL */
  void *context;                 /* for on_refusal */

  /* To be read. */
  uint64_t number;      /* of the last notification published */
  uint64_t refused;     /* how many were refused, ever */
  uint32_t max_message; /* the broker's limit in bytes, 0 before the first connection */
  char detail[256];     /* the last words of the broker or the system about what failed, or "" */

  /* The sender's own. Frames lie at memory[start...end), in order; those from `sent` on are not written yet. */
  const char *host_, *port_;
  uint8_t *memory_;
  size_t size_, start_, sent_, end_;
  uint64_t last_refused_, refused_before_;
  int socket_, is_welcome_, fatal_;
  uint32_t pause_ms_, chance_, skip_;
  size_t filled_;
  uint8_t input_[1024];
} belfry_sender;

/* Makes a sender, without connecting yet. host and port (a name or an address, a number as text) and memory must stay
 * where they are until belfry_close. memory bounds how much may be unacked: the largest notification must fit in with
 * its topic and 18 bytes more; 1 MiB is a good size. BELFRY_SYSTEM if there are no random bytes to be had. */
int belfry_open(belfry_sender *sender, const char *host, const char *port, void *memory, size_t size);

/* Copies a notification into memory and sends it without waiting for its ack. It waits only for the first connection,
 * and while memory is full. `number`, if it is not NULL, gets the number that on_refusal would tell.
 * BELFRY_TIMEOUT, BELFRY_BAD_TOPIC, BELFRY_TOO_LARGE, BELFRY_PROTOCOL: it was not taken into memory. */
int belfry_publish(belfry_sender *sender, const char *topic, const void *body, size_t length, uint64_t *number);

/* Waits until everything published is accepted or refused. BELFRY_TIMEOUT: some of it has no answer yet, and may be
 * waited for again. BELFRY_REFUSED: some was refused since the last flush. BELFRY_PROTOCOL: what is unanswered will
 * never be. */
int belfry_flush(belfry_sender *sender);

/* How many notifications have no answer yet. */
size_t belfry_pending(const belfry_sender *sender);

/* Closes the connection. What is not flushed may or may not have been taken. */
void belfry_close(belfry_sender *sender);

/* A socket for belfry_udp_send, to be closed with close(). BELFRY_SYSTEM if there is none to be had. */
int belfry_udp_open(const char *host, const char *port);

/* Sends one notification by UDP: never answered, and lost if nobody takes it. */
int belfry_udp_send(int socket, const char *topic, const void *body, size_t length);

/* What a result means, in English. */
const char *belfry_words(int result);

#ifdef __cplusplus
}
#endif
#endif /* BELFRY_H */

#ifdef BELFRY_IMPLEMENTATION
#undef BELFRY_IMPLEMENTATION

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { belfry_hello_ = 1, belfry_welcome_ = 2, belfry_publish_ = 3, belfry_ack_ = 4, belfry_error_ = 5 };
/* Not a result of the public functions: the connection is gone, and a new one may be tried. */
enum { belfry_lost_ = -100 };

static void belfry_put_(uint8_t *at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static uint64_t belfry_get_(const uint8_t *at, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++) value = value << 8 | at[i];
  return value;
}

static void belfry_header_(uint8_t *at, int type, size_t length) {
  at[0] = 0xB5;
  at[1] = 1;
  at[2] = (uint8_t)type;
  at[3] = 0;
  belfry_put_(at + 4, length, 4);
}

/* The length of a topic, 0 if it is none. Where the broker has the last word (reserved roots), it refuses. */
static size_t belfry_topic_(const char *topic) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_%-";
  size_t length = 0;
  for (;;) {
    size_t token = strspn(topic + length, allowed);
    length += token;
    if (!token || length > 255) return 0;
    if (!topic[length]) return length;
    if (topic[length++] != '.') return 0;
  }
}

static int64_t belfry_now_(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* When a call that begins now has to give up. */
static int64_t belfry_deadline_(int timeout_ms) { return timeout_ms < 0 ? INT64_MAX : belfry_now_() + timeout_ms; }

/* Milliseconds until then, `limit` at most. */
static int belfry_left_(int64_t deadline, int limit) {
  int64_t left = deadline - belfry_now_();
  return left <= 0 ? 0 : left > limit ? limit : (int)left;
}

static void belfry_tell_(belfry_sender *s, const void *words, size_t length) {
  if (length > sizeof s->detail - 1) length = sizeof s->detail - 1;
  memcpy(s->detail, words, length);
  s->detail[length] = 0;
}

static int belfry_lose_(belfry_sender *s, const char *words) {
  belfry_tell_(s, words, strlen(words));
  if (s->socket_ >= 0) close(s->socket_);
  s->socket_ = -1;
  return belfry_lost_;
}

static int belfry_end_(belfry_sender *s, const char *words) {
  belfry_lose_(s, words);
  return s->fatal_ = BELFRY_PROTOCOL;
}

/* Forgets the frames up to a number. */
static void belfry_settle_(belfry_sender *s, uint64_t number) {
  while (s->start_ < s->end_ && belfry_get_(s->memory_ + s->start_ + 8, 8) <= number)
    s->start_ += 8 + (size_t)belfry_get_(s->memory_ + s->start_ + 4, 4);
  if (s->sent_ < s->start_) s->sent_ = s->start_;
}

static int belfry_take_error_(belfry_sender *s, const uint8_t *payload, size_t length) {
  uint64_t number = belfry_get_(payload, 8);
  unsigned code = (unsigned)belfry_get_(payload + 8, 2);
  belfry_tell_(s, payload + 10, length - 10);
  if (number) {
    if (number <= s->last_refused_) return BELFRY_OK; /* told before the connection broke */
    s->last_refused_ = number;
    s->refused++;
    if (s->on_refusal) s->on_refusal(s->context, number, code, s->detail);
    return BELFRY_OK;
  }
  if (code == 4) return BELFRY_OK; /* unknown-type: the stream goes on */
  char sentence[sizeof s->detail];
  memcpy(sentence, s->detail, sizeof sentence);
  /* full, truncated, timed-out: a new connection may do better. */
  return code == 1 || code == 9 || code == 13 ? belfry_lose_(s, sentence) : belfry_end_(s, sentence);
}

static int belfry_take_(belfry_sender *s, int type, const uint8_t *payload, size_t length) {
  if (type == belfry_ack_ && length >= 8) belfry_settle_(s, belfry_get_(payload, 8));
  if (type == belfry_error_ && length >= 10) return belfry_take_error_(s, payload, length);
  if (type == belfry_welcome_ && length >= 12) {
    uint64_t accepted = belfry_get_(payload, 8);
    s->max_message = (uint32_t)belfry_get_(payload + 8, 4);
    if (s->number < accepted) s->number = accepted;
    s->is_welcome_ = 1;
    s->detail[0] = 0;
    belfry_settle_(s, accepted);
  }
  return BELFRY_OK; /* other types are skipped */
}

/* Takes the whole frames out of the input. Of one that is longer than the input its first part is enough: only the
 * sentence of an ERROR can be so long. */
static int belfry_frames_(belfry_sender *s) {
  size_t at = 0;
  int result = BELFRY_OK;
  while (!result) {
    size_t here = s->filled_ - at;
    size_t skipped = s->skip_ < here ? s->skip_ : here;
    at += skipped;
    here -= skipped;
    s->skip_ -= (uint32_t)skipped;
    if (here < 8) break;
    const uint8_t *frame = s->input_ + at;
    size_t length = (size_t)belfry_get_(frame + 4, 4);
    if (frame[0] != 0xB5 || frame[1] != 1) return belfry_end_(s, "what answers there does not speak Belfry's protocol");
    size_t part = length > sizeof s->input_ - 8 ? sizeof s->input_ - 8 : length;
    if (here < 8 + part) break;
    at += 8 + part;
    s->skip_ = (uint32_t)(length - part);
    result = belfry_take_(s, frame[2], frame + 8, part);
  }
  memmove(s->input_, s->input_ + at, s->filled_ - at);
  s->filled_ -= at;
  return result;
}

static int belfry_receive_(belfry_sender *s) {
  ssize_t got = recv(s->socket_, s->input_ + s->filled_, sizeof s->input_ - s->filled_, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? BELFRY_OK : belfry_lose_(s, strerror(errno));
  if (got == 0) return belfry_lose_(s, "the broker closed the connection");
  s->filled_ += (size_t)got;
  return belfry_frames_(s);
}

/* Waits until the connection can be read (or written, if there is something to write), and does so once. */
static int belfry_exchange_(belfry_sender *s, int timeout_ms) {
  struct pollfd ready;
  ready.fd = s->socket_;
  ready.events = (short)(POLLIN | (s->is_welcome_ && s->sent_ < s->end_ ? POLLOUT : 0));
  ready.revents = 0;
  int count = poll(&ready, 1, timeout_ms);
  if (count <= 0) return count == 0 || errno == EINTR ? BELFRY_OK : belfry_lose_(s, strerror(errno));
  /* Read first: a connection that can't be written any more may have said why. */
  int result = ready.revents & ~POLLOUT ? belfry_receive_(s) : BELFRY_OK;
  if (result || !(ready.revents & POLLOUT) || s->sent_ == s->end_) return result;
  ssize_t sent = send(s->socket_, s->memory_ + s->sent_, s->end_ - s->sent_, MSG_NOSIGNAL);
  if (sent >= 0) s->sent_ += (size_t)sent;
  else if (errno != EAGAIN && errno != EINTR) return belfry_lose_(s, strerror(errno));
  return BELFRY_OK;
}

/* A connected, non-blocking socket, or -1 with errno. */
static int belfry_dial_(const struct addrinfo *address, int64_t deadline) {
  int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
  int on = 1, error = 0;
  socklen_t size = sizeof error;
  if (fd < 0) return -1;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) return fd;
    if (errno == EINPROGRESS || errno == EINTR) {
      struct pollfd ready;
      ready.fd = fd;
      ready.events = POLLOUT;
      int count;
      do count = poll(&ready, 1, belfry_left_(deadline, 10000));
      while (count < 0 && errno == EINTR);
      if (count == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) return fd;
      errno = count == 0 ? ETIMEDOUT : error ? error : errno;
    }
  }
  error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* Connects, says who we are, hears what was accepted, and has the rest written again. */
static int belfry_connect_(belfry_sender *s, int64_t deadline) {
  struct addrinfo hints, *all, *address;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  int code = getaddrinfo(s->host_, s->port_, &hints, &all);
  if (code) return belfry_lose_(s, gai_strerror(code));
  for (address = all; address && s->socket_ < 0; address = address->ai_next) {
    s->socket_ = belfry_dial_(address, deadline);
  }
  code = errno;
  freeaddrinfo(all);
  if (s->socket_ < 0) return belfry_lose_(s, strerror(code));
  uint8_t hello[24];
  belfry_header_(hello, belfry_hello_, 16);
  memcpy(hello + 8, s->id, 16);
  /* A new connection's first bytes always fit. */
  ssize_t sent = send(s->socket_, hello, sizeof hello, MSG_NOSIGNAL);
  if (sent != (ssize_t)sizeof hello) return belfry_lose_(s, strerror(errno));
  s->filled_ = s->skip_ = 0;
  s->sent_ = s->start_;
  s->is_welcome_ = 0;
  while (!s->is_welcome_) {
    int left = belfry_left_(deadline, 10000);
    int result = left ? belfry_exchange_(s, left) : belfry_lose_(s, "no WELCOME in time");
    if (result) return result;
  }
  s->pause_ms_ = 50;
  return BELFRY_OK;
}

/* The one loop: until there was a WELCOME and so many bytes of memory are free behind the last frame. */
static int belfry_until_free_(belfry_sender *s, size_t room) {
  int64_t deadline = belfry_deadline_(s->timeout_ms);
  for (;;) {
    if (s->fatal_) return s->fatal_;
    if (s->max_message && s->size_ - (s->end_ - s->start_) >= room) break;
    int left = belfry_left_(deadline, 10000);
    if (!left) return BELFRY_TIMEOUT;
    int result = s->socket_ < 0 ? belfry_connect_(s, deadline) : belfry_exchange_(s, left);
    if (result != belfry_lost_) continue;
    /* Half of the pause to one and a half, so that many senders do not come back at once. */
    s->chance_ = s->chance_ * 1664525 + 1013904223;
    poll(NULL, 0, belfry_left_(deadline, (int)(s->pause_ms_ / 2 + (s->chance_ >> 8) % s->pause_ms_)));
    s->pause_ms_ = s->pause_ms_ < 1000 ? s->pause_ms_ * 2 : 2000;
  }
  if (s->size_ - s->end_ < room) {
    memmove(s->memory_, s->memory_ + s->start_, s->end_ - s->start_);
    s->sent_ -= s->start_;
    s->end_ -= s->start_;
    s->start_ = 0;
  }
  return BELFRY_OK;
}

int belfry_open(belfry_sender *s, const char *host, const char *port, void *memory, size_t size) {
  memset(s, 0, sizeof *s);
  s->host_ = host;
  s->port_ = port;
  s->memory_ = (uint8_t *)memory;
  s->size_ = size;
  s->timeout_ms = 10000;
  s->socket_ = -1;
  s->pause_ms_ = 50;
  int source = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  ssize_t got = source < 0 ? -1 : read(source, s->id, sizeof s->id);
  if (source >= 0) close(source);
  s->id[0] |= 1; /* not all zero */
  s->chance_ = (uint32_t)belfry_get_(s->id + 12, 4);
  return got == (ssize_t)sizeof s->id ? BELFRY_OK : BELFRY_SYSTEM;
}

int belfry_publish(belfry_sender *s, const char *topic, const void *body, size_t length, uint64_t *number) {
  size_t name = belfry_topic_(topic);
  if (!name) return BELFRY_BAD_TOPIC;
  if (length > s->size_ || s->size_ - length < 18 + name) return BELFRY_TOO_LARGE;
  int result = belfry_until_free_(s, 0); /* before the first WELCOME neither limit nor number is known */
  if (result) return result;
  if (length > s->max_message) return BELFRY_TOO_LARGE;
  size_t frame = 18 + name + length, room = frame;
  /* Full: half of the memory at once, so that what is moved to its front is moved seldom. */
  if (s->size_ - (s->end_ - s->start_) < frame && frame < s->size_ / 2) room = s->size_ / 2;
  result = belfry_until_free_(s, room);
  if (result) return result;
  uint8_t *at = s->memory_ + s->end_;
  belfry_header_(at, belfry_publish_, 10 + name + length);
  belfry_put_(at + 8, ++s->number, 8);
  belfry_put_(at + 16, name, 2);
  memcpy(at + 18, topic, name);
  if (length) memcpy(at + 18 + name, body, length);
  s->end_ += frame;
  if (number) *number = s->number;
  /* If the connection is lost here, the next call that waits makes a new one. */
  if (s->socket_ >= 0) belfry_exchange_(s, 0);
  return BELFRY_OK;
}

int belfry_flush(belfry_sender *s) {
  int result = s->start_ == s->end_ ? s->fatal_ : belfry_until_free_(s, s->size_);
  if (result) return result;
  if (s->refused == s->refused_before_) return BELFRY_OK;
  s->refused_before_ = s->refused;
  return BELFRY_REFUSED;
}

size_t belfry_pending(const belfry_sender *s) {
  size_t count = 0;
  for (size_t at = s->start_; at < s->end_; at += 8 + (size_t)belfry_get_(s->memory_ + at + 4, 4)) count++;
  return count;
}

void belfry_close(belfry_sender *s) {
  if (s->socket_ >= 0) close(s->socket_);
  s->socket_ = -1;
}

int belfry_udp_open(const char *host, const char *port) {
  struct addrinfo hints, *all, *address;
  int fd = -1;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_DGRAM;
  if (getaddrinfo(host, port, &hints, &all)) {
    errno = EHOSTUNREACH;
    return BELFRY_SYSTEM;
  }
  for (address = all; address && fd < 0; address = address->ai_next) fd = belfry_dial_(address, belfry_now_());
  freeaddrinfo(all);
  return fd < 0 ? BELFRY_SYSTEM : fd;
}

int belfry_udp_send(int fd, const char *topic, const void *body, size_t length) {
  uint8_t head[18 + 255];
  size_t name = belfry_topic_(topic);
  if (!name) return BELFRY_BAD_TOPIC;
  if (length > 65507) return BELFRY_TOO_LARGE;
  belfry_header_(head, belfry_publish_, 10 + name + length);
  belfry_put_(head + 8, 0, 8); /* numbers have no meaning here */
  belfry_put_(head + 16, name, 2);
  memcpy(head + 18, topic, name);
  struct iovec parts[2];
  parts[0].iov_base = head;
  parts[0].iov_len = 18 + name;
  parts[1].iov_base = (void *)body;
  parts[1].iov_len = length;
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  for (int tries = 0;; tries++) {
    if (sendmsg(fd, &message, MSG_NOSIGNAL) >= 0) return BELFRY_OK;
    if (errno == EMSGSIZE) return BELFRY_TOO_LARGE;
    struct pollfd ready;
    ready.fd = fd;
    ready.events = POLLOUT;
    if (errno == EAGAIN || errno == EINTR) poll(&ready, 1, 1000);
    /* Refused: that an earlier one found nobody. This one has not been sent yet. */
    else if (errno != ECONNREFUSED || tries > 0) return BELFRY_SYSTEM;
  }
}

const char *belfry_words(int result) {
  switch (result) {
    case BELFRY_OK: return "accepted";
    case BELFRY_TIMEOUT: return "not within the time given";
    case BELFRY_REFUSED: return "some notifications were refused";
    case BELFRY_BAD_TOPIC: return "not a topic";
    case BELFRY_TOO_LARGE: return "the notification is too large";
    case BELFRY_PROTOCOL: return "the peer does not go on with this protocol";
    case BELFRY_SYSTEM: return "a system call failed";
    default: return "not a result of belfry.h";
  }
}
#endif /* BELFRY_IMPLEMENTATION */
