// SPDX-License-Identifier: Apache-2.0
// The part of libsystemd that belfryd uses: socket activation and readiness.
#pragma once
#include <systemd/sd-daemon.h>
