#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An exec service: one process per message, the body on stdin, all else in the environment. Prints the alert.
# A sender chose these bytes: what could steer the terminal is left out.
body=$(head -c 400 | tr -cd '[:print:]')
printf '*** ALERT %s from %s: %s\n' "$BELFRY_TOPIC" "$BELFRY_SOURCE" "$body"
