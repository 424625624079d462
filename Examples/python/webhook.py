#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stream service: posts each notification to a URL, eight at a time.

A server that is down or busy is asked again later, as `retry` says; one that will not have it gets no second try.

command: [/usr/bin/python3, /srv/belfry/webhook.py, http://127.0.0.1:8080/hook], mode: stream, in-flight: 8
"""

import concurrent.futures
import sys
import urllib.error
import urllib.request

import belfry

AT_A_TIME = 8


def post(delivery: belfry.Delivery, url: str) -> None:
    headers = {"X-Belfry-Id": delivery.id, "X-Belfry-Topic": delivery.topic}
    try:
        request = urllib.request.Request(url, delivery.body, headers, method="POST")
        with urllib.request.urlopen(request, timeout=10):
            delivery.ack()
    except urllib.error.HTTPError as error:
        delivery.fail(f"{url}: {error.code} {error.reason}", dead=400 <= error.code < 500 and error.code != 429)
    except Exception as error:  # whatever it is, it must be answered
        delivery.fail(f"{url}: {error}")


def main(url: str) -> None:
    # The pool is left first: everything that has come is answered before the service is closed.
    with belfry.Service(window=AT_A_TIME) as service, concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        for delivery in service:
            pool.submit(post, delivery, url)


if __name__ == "__main__":
    main(sys.argv[1])
