// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), by the processor's own instructions where it has them. Used by LinuxIO's SHA256 to name an
// executable; nothing secret depends on it. In C, as Swift can't name the instructions.
// Invariant: `filled` bytes of `block` wait for the rest of it, fewer than it holds.
#include "CLinux.h"

#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turned(uint32_t word, int by) { return word >> by | word << (32 - by); }

static void mix(uint32_t state[8], const uint8_t block[64]) {
  uint32_t words[64];
  for (int i = 0; i < 16; i++)
    words[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
               (uint32_t)block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = words[i - 15], b = words[i - 2];
    words[i] = words[i - 16] + (turned(a, 7) ^ turned(a, 18) ^ a >> 3) + words[i - 7] +
               (turned(b, 17) ^ turned(b, 19) ^ b >> 10);
  }
  uint32_t s[8];
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t one = s[7] + (turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
                   constants[i] + words[i];
    uint32_t two = (turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)) +
                   ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    memmove(s + 1, s, 7 * sizeof *s);
    s[4] += one;
    s[0] = one + two;
  }
  for (int i = 0; i < 8; i++) state[i] += s[i];
}

static void mix_plainly(uint32_t state[8], const uint8_t *at, size_t blocks) {
  for (; blocks > 0; blocks--, at += 64) mix(state, at);
}

#if defined(__x86_64__)
/// The state lies in two registers, as the instructions want it: words 0, 1, 4, 5 and words 2, 3, 6, 7.
__attribute__((target("sha,sse4.1"))) static void mix_by_instruction(uint32_t state[8], const uint8_t *at,
                                                                     size_t blocks) {
  const __m128i turn = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
  __m128i two = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
  __m128i one = _mm_alignr_epi8(low, two, 8);
  two = _mm_blend_epi16(two, low, 0xF0);
  for (; blocks > 0; blocks--, at += 64) {
    __m128i before_one = one, before_two = two, words[4];
    for (int i = 0; i < 16; i++) {
      __m128i *next = words + i % 4;
      if (i < 4) {
        *next = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(at + 16 * i)), turn);
      } else {
        __m128i last = words[(i + 3) % 4];
        __m128i sum = _mm_sha256msg1_epu32(*next, words[(i + 1) % 4]);
        sum = _mm_add_epi32(sum, _mm_alignr_epi8(last, words[(i + 2) % 4], 4));
        *next = _mm_sha256msg2_epu32(sum, last);
      }
      __m128i round = _mm_add_epi32(*next, _mm_loadu_si128((const __m128i *)(constants + 4 * i)));
      two = _mm_sha256rnds2_epu32(two, one, round);
      one = _mm_sha256rnds2_epu32(one, two, _mm_shuffle_epi32(round, 0x0E));
    }
    one = _mm_add_epi32(one, before_one);
    two = _mm_add_epi32(two, before_two);
  }
  low = _mm_shuffle_epi32(one, 0x1B);
  two = _mm_shuffle_epi32(two, 0xB1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, two, 0xF0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(two, low, 8));
}

static int has_instruction(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) && __builtin_cpu_supports("sse4.1");
}
#endif

static void mix_all(struct belfry_sha256 *sum, const uint8_t *at, size_t blocks) {
#if defined(__x86_64__)
  if (!sum->plain) return mix_by_instruction(sum->state, at, blocks);
#endif
  mix_plainly(sum->state, at, blocks);
}

void belfry_sha256_begin(struct belfry_sha256 *sum, int plain) {
  static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memset(sum, 0, sizeof *sum);
  memcpy(sum->state, first, sizeof first);
#if defined(__x86_64__)
  sum->plain = plain || !has_instruction();
#else
  sum->plain = 1;
#endif
}

void belfry_sha256_add(struct belfry_sha256 *sum, const void *bytes, size_t count) {
  const uint8_t *at = bytes;
  sum->total += count;
  if (sum->filled == 0) {
    size_t blocks = count / sizeof sum->block;
    mix_all(sum, at, blocks);
    at += blocks * sizeof sum->block;
    count -= blocks * sizeof sum->block;
  }
  while (count > 0) {
    size_t room = sizeof sum->block - sum->filled;
    size_t part = count < room ? count : room;
    memcpy(sum->block + sum->filled, at, part);
    sum->filled += part;
    at += part;
    count -= part;
    if (sum->filled < sizeof sum->block) return;
    mix_all(sum, sum->block, 1);
    sum->filled = 0;
  }
}

void belfry_sha256_end(struct belfry_sha256 *sum, uint8_t digest[32]) {
  uint64_t bits = sum->total * 8;
  uint8_t length[8];
  for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
  belfry_sha256_add(sum, "\x80", 1);
  while (sum->filled != 56) belfry_sha256_add(sum, "", 1);
  belfry_sha256_add(sum, length, sizeof length);
  for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(sum->state[i / 4] >> (24 - 8 * (i % 4)));
}
