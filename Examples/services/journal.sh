#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A stream service (framing: lines): one process for all messages. Appends each to the file $1, says so on stderr, which
# is the log, and answers on stdout, which is for answers alone. JSON holds no control bytes, so a terminal is safe.
while IFS= read -r line; do
    id=${line#'{"id":"'}           # "id" is always the first member
    id=${id%%'"'*}
    if printf '%s\n' "$line" >>"$1"; then
        printf 'journal (pid %s): %.100s\n' "$$" "$line" >&2
        printf 'ok %s\n' "$id"
    else
        printf 'fail %s retry cannot write %s\n' "$id" "$1"
    fi
done
