# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy in front of a broker that breaks connections. Used by the tests of senders.

    cutter.py PORT CUTS SEED    prints its own port, passes connections on to PORT, one at a time, and tells each cut

Each of the first CUTS connections is cut after a number of bytes, in one direction or the other, that comes from SEED:
now with frames lost on the way, now with acks; with a reset or in good order. Those after them are left alone.
"""

import random
import select
import socket
import struct
import sys


def end(connection: socket.socket, is_reset: bool) -> None:
    if is_reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def pump(client: socket.socket, broker: socket.socket, limits: dict[socket.socket, float]) -> None:
    """Passes bytes on until a side closes, or has sent as many as its limit."""
    while True:
        for source in select.select([client, broker], [], [])[0]:
            data = source.recv(1 << 16)
            passed = data[: int(min(limits[source], len(data)))]
            (broker if source is client else client).sendall(passed)
            limits[source] -= len(passed)
            if len(passed) < len(data):
                print("cut", flush=True)
            if len(passed) < len(data) or not data:
                return


def main(port: int, cuts: int, seed: int) -> None:
    chance = random.Random(seed)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client = listener.accept()[0]
        broker = socket.create_connection(("127.0.0.1", port))
        limits = {client: float("inf"), broker: float("inf")}
        if cuts > 0:
            limits = {client: chance.randrange(1, 60_000), broker: chance.randrange(1, 300)}
            cuts -= 1
        try:
            pump(client, broker, limits)
        except OSError:
            pass
        for connection in (broker, client):
            end(connection, chance.random() < 0.5)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
