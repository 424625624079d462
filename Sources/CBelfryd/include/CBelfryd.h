// SPDX-License-Identifier: Apache-2.0
// The note in the executable `belfryd` that tells what it is, to whoever has only the file: which version, and of which
// layout all is that it shares with a predecessor. Linked into belfryd alone; read out of the file by Supervision.
// Invariant: numbers are little-endian as on every machine that we build for; a field never changes its place, and what is
// new goes behind `version` and raises `format`.
#pragma once
#include <stdint.h>

struct belfryd_note {
  // The head that ELF wants: lengths of name and description, kind.
  uint32_t name_size, description_size, kind;
  char name[8];
  uint32_t format;
  // Layouts: regions of the ring, settings image, what goes over at a restart, segments and checkpoints.
  uint32_t ring, settings, hand_over, store;
  char version[44];
};

extern const struct belfryd_note belfryd_note;
