#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sender: tells Belfry which of the given folders lie on a disk that is fuller than so many percent.

    python3 disks.py 127.0.0.1 2355 90 / /home
"""

import json
import shutil
import sys

import belfry


def main(host: str, port: int, limit: float, folders: list[str]) -> int:
    try:
        with belfry.BelfrySender(host, port, timeout=10) as sender:
            for folder in folders:
                disk = shutil.disk_usage(folder)
                percent = round(100 * disk.used / disk.total, 1)
                if percent >= limit:
                    sender.publish("alerts.disk.full", json.dumps({"folder": folder, "percent": percent}))
        # Behind the `with`: everything is accepted, or an exception has said what is not.
    except (belfry.BelfryError, OSError) as error:
        print(f"disks.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
