// SPDX-License-Identifier: Apache-2.0
// What the sanitizers are told by every executable that Scripts/sanitize builds: a role gets few variables of the
// environment, a service none of ours, so that ASAN_OPTIONS and TSAN_OPTIONS would not reach them.
//
// A role that dies of a finding is started again, and its test may pass: so every report goes to a file of its own,
// BELFRY_REPORTS/address.PID or thread.PID, and the script fails if there is one.
// Invariant: a suppression is a false finding, with the reason beside it; a true one is mended.
#include "SanitizerOptions.h"

// Reports must be written before the process is gone, and a core of terabytes of shadow not at all. Leaks are not asked
// for: Swift keeps what is global for ever. The tests take memory away on purpose: that is an answer and no finding.
#define COMMON \
  "disable_coredump=1:allocator_may_return_null=1:external_symbolizer_path=" BELFRY_REPORTS \
  "-by/llvm-symbolizer:log_path=" BELFRY_REPORTS

const char *__asan_default_options(void) {
  return COMMON "/address:detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=0";
}

// All races of a process, and not its first one only; its exit status stays its own.
const char *__tsan_default_options(void) {
  return COMMON "/thread:halt_on_error=0:exitcode=0:report_signal_unsafe=0:second_deadlock_stack=1";
}

// Guarded33_: what lies in a Mutex of Swift is reached through its closures alone, the compiler sees to that; but on Linux
// that lock is a futex of its own, in a library that is not instrumented, so that ThreadSanitizer takes all that it guards
// for races. Those closures, and nobody else, have a struct Guarded among their arguments: BelfryClient's and HotRestart's
// engines. BelfryClient8DeliveryC__2in: a delivery's making, by the engine's thread; the program's own gets it through such
// a lock alone. _swiftEmptyArrayStorage: Swift's array without elements, one for all; appending nothing to it writes the 0
// that stands there. (The sanitizer does not know fences that stand for themselves: docs/ring.md names those of the rings,
// and a race that it sees between two of them belongs here.)
const char *__tsan_default_suppressions(void) {
  return "race:Guarded33_\nrace:BelfryClient8DeliveryC__2in\nrace:_swiftEmptyArrayStorage\n";
}
