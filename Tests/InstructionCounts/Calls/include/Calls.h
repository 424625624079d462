// SPDX-License-Identifier: Apache-2.0
// What the executable `instruction-counts` has in C; see calls.c.
#pragma once

/// Where these two are called, callgrind writes down what was executed since the last of them (`--dump-before`): what it
/// writes at the second one is what counts.
void counting_begins(void);
void counting_ends(void);
