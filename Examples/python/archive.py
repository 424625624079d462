#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stream service: appends each notification to the file that it is given, one line of JSON each.

command: [/usr/bin/python3, /srv/belfry/archive.py, /srv/archive/today.jsonl], mode: stream, framing: lines or frames
"""

import json
import sys

import belfry


def main(path: str) -> None:
    with open(path, "a", encoding="utf-8") as archive:

        def keep(delivery: belfry.Delivery) -> None:
            words = {"id": delivery.id, "topic": delivery.topic, "body": delivery.text}
            archive.write(json.dumps(words, ensure_ascii=False) + "\n")
            archive.flush()  # before the ack: what is acked is never delivered again

        belfry.serve(keep)


if __name__ == "__main__":
    main(sys.argv[1])
