// SPDX-License-Identifier: Apache-2.0
// The note itself: see CBelfryd.h. `readelf --notes` shows it, and stripping keeps it.
// A package's build may set BELFRY_VERSION (Package.swift passes it on): the rest is what the sources say, to which
// ReleaseNoteTests hold it.
// Invariant: the section's type is SHT_NOTE, so that no linker leaves it out as unused.
#include "CBelfryd.h"

#ifndef BELFRY_VERSION
#define BELFRY_VERSION "0.1.0"
#endif

__attribute__((section(".note.belfry"), used, aligned(4))) const struct belfryd_note belfryd_note = {
    .name_size = 7,
    .description_size = sizeof(struct belfryd_note) - 20,
    .kind = 1,
    .name = "Belfry",
    .format = 1,
    .ring = 1,
    .settings = 6,
    .hand_over = 1,
    .store = 1,
    .version = BELFRY_VERSION,
};
