// SPDX-License-Identifier: Apache-2.0
// Hot restart for programs in C, C++ and whatever can call them: the functions of the Swift library HotRestart.
// Used by services; HotRestartC carries it out, Scripts/hotrestart-c makes a library of it that links with gcc.
// Invariant: plain types alone. Every call may be made from any thread, but hotrestart_start: that is the first of all.
#pragma once
#include <stddef.h>

// docs/hot-restart.md tells how a restart goes, and what systemd's unit has to say. In short:
//
//   hotrestart *generation = hotrestart_start(NULL, &error);
//   int listener = hotrestart_tcp(generation, "web", "127.0.0.1", 8080, &error);
//   if (hotrestart_ready(generation, &error) < 0) …
//   … serve; when hotrestart_descriptor(generation) is readable:
//   switch (hotrestart_next(generation, 0, &error)) {
//   case HOTRESTART_DRAIN: … take no new work, finish what there is, end
//   case HOTRESTART_FAILED: … log error.text, go on
//   }

#ifdef __cplusplus
extern "C" {
#endif

/// This process, as one generation of a service.
typedef struct hotrestart hotrestart;

/// Why a call failed, as a sentence that ends in a zero byte. Where it is asked for, NULL will do too.
struct hotrestart_error {
  char text[512];
};

/// What is zero has a default.
struct hotrestart_options {
  int signal;                      // asks for a restart; 0: SIGUSR2, -1: none
  const char *executable;          // of the next generation; NULL: the path that this one was started from
  const char *const *arguments;    // of the next generation, its name first and NULL last; NULL: those of this one
  const char *pid_file;            // written when this generation serves; NULL: none
  int hands_state;                 // not 0: there is a state to hand over, see HOTRESTART_HAND_OVER
  int ready_timeout_ms;            // from the start of the next generation until it is ready; 0: a minute
  int drain_timeout_ms;            // from HOTRESTART_DRAIN until HOTRESTART_OVERDUE; 0: half a minute, -1: none
  int maximum_generations;         // that run at once; 0: four
};

/// What a restart asks of the service, or tells it.
enum hotrestart_turn {
  HOTRESTART_NOTHING = 0,    // the time has passed
  HOTRESTART_HAND_OVER = 1,  // let the state stand still and give it: hotrestart_hand
  HOTRESTART_FAILED = 2,     // there is no next generation: go on as before; a state that was handed over is yours again
  HOTRESTART_DRAIN = 3,      // the next generation serves: take no new work, finish what you have, and end
  HOTRESTART_OVERDUE = 4,    // drain_timeout_ms has passed: end, though something is unfinished
};

/// A descriptor that goes by a name.
struct hotrestart_descriptor {
  const char *name;
  int descriptor;
};

/// What a predecessor has handed over.
struct hotrestart_state {
  const void *bytes;
  size_t count;
  const struct hotrestart_descriptor *descriptors;  // yours to close
  size_t descriptor_count;
};

/// Takes what this process was started with. First of all in main, before there are threads: it changes the environment
/// and blocks the signal. NULL and the error if that can't be. Never freed: it is the process's for its life.
hotrestart *hotrestart_start(const struct hotrestart_options *options, struct hotrestart_error *error);

/// Which generation this is: 1 for the first.
int hotrestart_generation(const hotrestart *generation);

/// The inherited socket of that name, from systemd or a predecessor, or else the one that `bind` makes; it returns -1 and
/// sets errno if it can't. The next generation inherits it. `type` is 0 for any, or SOCK_STREAM or SOCK_DGRAM where
/// systemd hands over one of each under one name. The descriptor is yours to close; -1 and the error if there is none.
int hotrestart_socket(hotrestart *generation, const char *name, int type, int (*bind)(void *context), void *context,
                      struct hotrestart_error *error);

/// The inherited TCP listener of that name, or a new one on an address in digits. It does not block, as another generation
/// may take a connection between poll's word and accept. -1 and the error if there is none.
int hotrestart_tcp(hotrestart *generation, const char *name, const char *address, int port,
                   struct hotrestart_error *error);

/// The same for a UDP socket.
int hotrestart_udp(hotrestart *generation, const char *name, const char *address, int port,
                   struct hotrestart_error *error);

/// Takes over the predecessor's state: 1 and the state, 0 if there is none, -1 and the error. Before hotrestart_ready.
int hotrestart_take_state(hotrestart *generation, struct hotrestart_state *state, struct hotrestart_error *error);

/// Gives the memory of a state back; its descriptors stay open.
void hotrestart_free_state(struct hotrestart_state *state);

/// Says that this generation can serve; when it returns 0, the service is its own: the predecessor drains, systemd knows
/// of its new main process, the pid file is written. -1 and the error otherwise: then end.
int hotrestart_ready(hotrestart *generation, struct hotrestart_error *error);

/// Starts the next generation. Returns at once; a turn tells how it went.
void hotrestart_restart(hotrestart *generation);

/// For poll, select or epoll: readable while hotrestart_next would return at once. Not yours to read or close.
int hotrestart_descriptor(const hotrestart *generation);

/// The next turn; HOTRESTART_NOTHING when the time has passed (-1: never). At HOTRESTART_FAILED, the reason is told.
enum hotrestart_turn hotrestart_next(hotrestart *generation, int timeout_ms, struct hotrestart_error *reason);

/// Answers HOTRESTART_HAND_OVER. The bytes are copied, the descriptors duplicated: close yours at HOTRESTART_DRAIN, go on
/// with them at HOTRESTART_FAILED. 0, or -1 and the error.
int hotrestart_hand(hotrestart *generation, const void *bytes, size_t count,
                    const struct hotrestart_descriptor *descriptors, size_t descriptor_count,
                    struct hotrestart_error *error);

#ifdef __cplusplus
}
#endif
