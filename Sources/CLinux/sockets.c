// SPDX-License-Identifier: Apache-2.0
// Socket calls behind _GNU_SOURCE and control messages.
// Used by LinuxIO's Sockets and SeqPacketChannel.
// Invariant: every descriptor received or accepted here closes on exec.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

const int belfry_so_domain = SO_DOMAIN, belfry_so_type = SO_TYPE, belfry_so_acceptconn = SO_ACCEPTCONN,
          belfry_so_error = SO_ERROR, belfry_so_rcvbuf = SO_RCVBUF;

int belfry_accept(int fd, void *address, uint32_t *length) {
  return accept4(fd, address, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int belfry_peer_credentials(int fd, int *pid, uint32_t *user, uint32_t *group) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -1;
  *pid = peer.pid;
  *user = peer.uid;
  *group = peer.gid;
  return 0;
}

int belfry_peer_groups(int fd, uint32_t *groups, uint32_t *count) {
  socklen_t length = *count * sizeof *groups;
  int result = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length);
  *count = length / sizeof *groups;
  return result;
}

int belfry_socket_drops(int fd, uint32_t *drops) {
  uint32_t words[SK_MEMINFO_VARS] = {0};
  socklen_t length = sizeof words;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, words, &length) < 0) return -1;
  *drops = words[SK_MEMINFO_DROPS];
  return 0;
}

int belfry_set_udp_gro(int fd) {
  int on = 1;
  return setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
}

int belfry_has_udp_segment(int fd) {
  int size = 0;
  socklen_t length = sizeof size;
  return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, &length) == 0;
}

ptrdiff_t belfry_send_segments(int fd, const void *bytes, size_t count, uint16_t segment) {
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof segment)];
  } control = {0};
  if (segment > 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(header), &segment, sizeof segment);
  }
  return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int belfry_set_receive_buffer(int fd, int bytes) {
  // The forced one passes the system's limit, but needs the privilege.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) return 0;
  return setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

int belfry_get_option(int fd, int option, int *value) {
  socklen_t length = sizeof *value;
  return getsockopt(fd, SOL_SOCKET, option, value, &length);
}

union passed_descriptor {
  struct cmsghdr header;
  char room[CMSG_SPACE(sizeof(int))];
};

ptrdiff_t belfry_send_packet(int fd, const void *bytes, size_t count, int passed) {
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  union passed_descriptor control = {0};
  if (passed >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof passed);
    memcpy(CMSG_DATA(header), &passed, sizeof passed);
  }
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

ptrdiff_t belfry_receive_packet(int fd, void *bytes, size_t count, int *passed) {
  struct iovec part = {.iov_base = bytes, .iov_len = count};
  union passed_descriptor control = {0};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_LEN(sizeof(int))};
  // CMSG_LEN, not the whole room: the padding would take a second descriptor, and nobody would close it.
  *passed = -1;
  ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  if (got < 0) return -1;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header))
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
      memcpy(passed, CMSG_DATA(header), sizeof *passed);
  return got;
}

union passed_descriptors {
  struct cmsghdr header;
  char room[CMSG_SPACE(belfry_most_passed * sizeof(int))];
};

ptrdiff_t belfry_send_descriptors(int fd, const void *bytes, size_t count, const int *passed, size_t passed_count) {
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  union passed_descriptors control;
  if (passed_count > belfry_most_passed) {
    errno = EINVAL;
    return -1;
  }
  if (passed_count > 0) {
    size_t size = passed_count * sizeof *passed;
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), passed, size);
  }
  return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ptrdiff_t belfry_receive_descriptors(int fd, void *bytes, size_t count, int *passed, size_t *passed_count) {
  struct iovec part = {.iov_base = bytes, .iov_len = count};
  union passed_descriptors control;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  *passed_count = 0;
  ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0) return -1;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    // Cut off or not: what the kernel says has come fits into what it had room for.
    size_t come = (header->cmsg_len - CMSG_LEN(0)) / sizeof *passed;
    memcpy(passed, CMSG_DATA(header), come * sizeof *passed);
    *passed_count = come;
  }
  if (!(message.msg_flags & MSG_CTRUNC)) return got;
  // The others are gone: the kernel has closed what it could not give.
  for (size_t i = 0; i < *passed_count; i++) close(passed[i]);
  *passed_count = 0;
  errno = EMFILE;
  return -1;
}
