// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli, RFC 3720 appendix B.4) by the processor's own instruction where it has one, else by tables.
// Used by LinuxIO's CRC32C; in C because Swift can't name the instruction.
// Invariant: the same bytes give the same sum either way.
#include "CLinux.h"

#include <string.h>

static uint32_t tables[8][256];

__attribute__((constructor)) static void fill_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t sum = byte;
    for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ (sum & 1 ? 0x82F63B78u : 0);
    tables[0][byte] = sum;
  }
  for (int row = 1; row < 8; row++)
    for (int byte = 0; byte < 256; byte++)
      tables[row][byte] = (tables[row - 1][byte] >> 8) ^ tables[0][tables[row - 1][byte] & 0xFF];
}

uint32_t belfry_crc32c_by_table(uint32_t sum, const void *bytes, size_t count) {
  const unsigned char *at = bytes;
  for (; count >= 8; count -= 8, at += 8) {
    uint32_t low = sum ^ ((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
    sum = tables[7][low & 0xFF] ^ tables[6][low >> 8 & 0xFF] ^ tables[5][low >> 16 & 0xFF] ^ tables[4][low >> 24] ^
          tables[3][at[4]] ^ tables[2][at[5]] ^ tables[1][at[6]] ^ tables[0][at[7]];
  }
  for (; count > 0; count--, at++) sum = (sum >> 8) ^ tables[0][(sum ^ *at) & 0xFF];
  return sum;
}

#if defined(__x86_64__)
#define TARGET __attribute__((target("sse4.2,pclmul")))
#define WORD(sum, word) ((uint32_t)__builtin_ia32_crc32di((sum), (word)))
#define BYTE(sum, byte) __builtin_ia32_crc32qi((sum), (byte))
#define AVAILABLE (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"))
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#define TARGET
#define WORD(sum, word) __builtin_arm_crc32cd((sum), (word))
#define BYTE(sum, byte) __builtin_arm_crc32cb((sum), (byte))
#define AVAILABLE 1
#endif

#ifdef TARGET
static inline uint64_t word_at(const unsigned char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

#if defined(__x86_64__)
// Each instruction waits for the one before, so long pieces go in three lanes side by side, of so many bytes each.
enum { lane = 512 };

// The sum as if zeros came behind it, but for the last division, which the next instruction does. `power` is x to their
// bits less 33, modulo the polynomial.
TARGET static inline uint64_t moved(uint32_t sum, uint32_t power) {
  typedef long long pair __attribute__((vector_size(16)));
  pair product = __builtin_ia32_pclmulqdq128((pair){sum, 0}, (pair){power, 0}, 0);
  return (uint64_t)product[0];
}

TARGET static uint32_t by_lanes(uint32_t sum, const unsigned char *at) {
  uint32_t second = 0, third = 0;
  for (size_t i = 0; i < lane - 8; i += 8) {
    sum = WORD(sum, word_at(at + i));
    second = WORD(second, word_at(at + lane + i));
    third = WORD(third, word_at(at + 2 * lane + i));
  }
  sum = WORD(sum, word_at(at + lane - 8));
  second = WORD(second, word_at(at + 2 * lane - 8));
  // x to 8,159 and to 4,063: what lies behind the first lane, and behind the second.
  return WORD(third, word_at(at + 3 * lane - 8) ^ moved(sum, 0x170076fa) ^ moved(second, 0xdd7e3b0c));
}
#endif

TARGET static uint32_t by_instruction(uint32_t sum, const unsigned char *at, size_t count) {
#if defined(__x86_64__)
  for (; count >= 3 * lane; count -= 3 * lane, at += 3 * lane) sum = by_lanes(sum, at);
#endif
  for (; count >= 8; count -= 8, at += 8) sum = WORD(sum, word_at(at));
  for (; count > 0; count--, at++) sum = BYTE(sum, *at);
  return sum;
}
#endif

uint32_t belfry_crc32c(uint32_t sum, const void *bytes, size_t count) {
#ifdef TARGET
  if (AVAILABLE) return by_instruction(sum, bytes, count);
#endif
  return belfry_crc32c_by_table(sum, bytes, count);
}
