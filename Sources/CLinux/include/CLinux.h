// SPDX-License-Identifier: Apache-2.0
// What Swift cannot see through Glibc: declarations behind _GNU_SOURCE, macros and variadic calls.
// Used by LinuxIO and Ring alone. Nothing here decides anything.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
