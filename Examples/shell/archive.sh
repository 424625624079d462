#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A stream service (framing: lines): appends each delivery to the file $1 and answers what became of it.
# printf and not echo, which some shells let change backslashes. stdout is for answers alone, stderr is the log.
while IFS= read -r line; do
    id=${line#'{"id":"'}           # "id" is always the first member
    id=${id%%'"'*}
    if printf '%s\n' "$line" >>"$1"; then printf 'ok %s\n' "$id"
    else printf 'fail %s retry cannot write %s\n' "$id" "$1"; fi
done
