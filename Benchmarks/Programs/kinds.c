// SPDX-License-Identifier: Apache-2.0
// How `publish` and `consume` find the kind that they were asked for.
#include "kinds.h"

#include <string.h>

int kind_run(const struct kind_entry *kinds, int argc, char **argv) {
  struct options options;
  options_read(&options, argc, argv);
  prepare_process();
  for (; options.kind && kinds->name; kinds++) {
    if (strcmp(kinds->name, options.kind)) continue;
    kinds->run(&options);
    return 0;
  }
  die("there is no kind %s", options.kind ? options.kind : "(none was named)");
}
