// SPDX-License-Identifier: Apache-2.0
// The part of libsystemd that belfryd uses: socket activation and readiness.
// Used by HotRestart alone.
// Invariant: nothing is declared here; the header is libsystemd's own.
#pragma once
#include <systemd/sd-daemon.h>
