// SPDX-License-Identifier: Apache-2.0
// recvmmsg over an array that lies in shared memory, for LinuxIO's DatagramArray.
// Invariant: entry i was filled by the kernel exactly if its msg_len is not 0xFFFFFFFF, which the kernel writes last.
// The slice holds, one after the other: count mmsghdr (64 bytes each), count iovec (16), count addresses (32),
// count control buffers (64); then, from the next multiple of 4096 on, count buffers.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { address_size = 32, control_size = 64, entry_size = 64 + 16 + address_size + control_size, page = 4096 };

_Static_assert(sizeof(struct mmsghdr) == 64 && offsetof(struct mmsghdr, msg_len) == 56, "layout of a header");
_Static_assert(sizeof(struct iovec) == 16 && sizeof(struct sockaddr_in6) <= address_size, "layout of an entry");

static struct mmsghdr *headers(const void *slice) { return (struct mmsghdr *)slice; }

static char *addresses(const void *slice, uint32_t count) { return (char *)slice + (size_t)count * (64 + 16); }

static char *controls(const void *slice, uint32_t count) {
  return addresses(slice, count) + (size_t)count * address_size;
}

/// Pointers are this process's own, whatever lay there; lengths that the kernel wrote stay.
void belfry_datagrams_attach(void *slice, uint32_t count, uint32_t buffer_size) {
  struct iovec *parts = (struct iovec *)((char *)slice + (size_t)count * 64);
  char *buffers = (char *)slice + ((size_t)count * entry_size + page - 1) / page * page;
  for (uint32_t i = 0; i < count; i++) {
    parts[i] = (struct iovec){.iov_base = buffers + (size_t)i * buffer_size, .iov_len = buffer_size};
    struct msghdr *header = &headers(slice)[i].msg_hdr;
    header->msg_name = addresses(slice, count) + (size_t)i * address_size;
    header->msg_iov = &parts[i];
    header->msg_iovlen = 1;
    header->msg_control = controls(slice, count) + (size_t)i * control_size;
  }
}

void belfry_datagrams_reset(void *slice, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    struct mmsghdr *entry = &headers(slice)[i];
    // Volatile and first: whoever looks later must see "not filled" before it sees anything else of the next use.
    *(volatile unsigned *)&entry->msg_len = 0xFFFFFFFF;
    entry->msg_hdr.msg_namelen = address_size;
    entry->msg_hdr.msg_controllen = control_size;
    entry->msg_hdr.msg_flags = 0;
  }
}

int belfry_datagrams_receive(int fd, void *slice, uint32_t first, uint32_t count) {
  return recvmmsg(fd, headers(slice) + first, count, MSG_DONTWAIT, NULL);
}

uint32_t belfry_datagrams_segment(const void *slice, uint32_t count, uint32_t index) {
  const struct msghdr *entry = &headers(slice)[index].msg_hdr;
  // Our own pointer and a checked length, not what the shared memory says.
  struct msghdr message = {.msg_control = controls(slice, count) + (size_t)index * control_size,
                           .msg_controllen = entry->msg_controllen > control_size ? 0 : entry->msg_controllen};
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != IPPROTO_UDP || header->cmsg_type != UDP_GRO) continue;
    int size = 0;
    memcpy(&size, CMSG_DATA(header), sizeof size);
    return size > 0 ? (uint32_t)size : 0;
  }
  return 0;
}
