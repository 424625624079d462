# SPDX-License-Identifier: Apache-2.0
"""A service's end of the framing `frames`, written by the bytes of docs/protocol.md, section 10, alone. Used by the tests.

    from frames import *        for programs that misbehave in one way or another
    frames.py PATH              a good service: notes each delivery in PATH.log, then answers it; its end in PATH.end

It shares no code with the clients, and frames that must not be fail an assertion.
"""

import base64
import json
import os
import socket
import struct
import sys
import time
from typing import Any, Dict, Optional

s = socket.socket(fileno=int(os.environ["BELFRY_FD"]))
PROTOCOLS = ["", "native", "json", "cloudevents", "syslog", "text"]


class Delivery:
    number = attempt = sequence = epoch = log = time = protocol = kind = flags = 0
    topic = source = ""
    decoded = body = b""

    @property
    def id(self) -> str:
        return "%016x-%d-%d" % (self.log, self.epoch, self.sequence)


def frame(kind: int, payload: bytes) -> bytes:
    return b"\xb5\x01" + bytes([kind, 0]) + struct.pack(">I", len(payload)) + payload


def send(kind: int, payload: bytes) -> None:
    s.sendall(frame(kind, payload))


def window(deliveries: int) -> None:
    send(16, struct.pack(">I", deliveries))


def done(*ranges: Any) -> None:
    send(18, b"".join(struct.pack(">QQ", first, last) for first, last in ranges))


def fail(number: int, kind: int = 0, reason: bytes = b"") -> None:
    send(19, struct.pack(">QB", number, kind) + reason)


def exactly(count: int) -> Optional[bytes]:
    """So many bytes, or None at the end of the stream."""
    data = b""
    while len(data) < count:
        more = s.recv(count - len(data))
        if not more:
            return None
        data += more
    return data


def next() -> Optional[Delivery]:
    """The next delivery. None for FINISH; at the end of the stream the program ends."""
    head = exactly(8)
    if head is None:
        sys.exit(0)
    assert head[:2] == b"\xb5\x01"
    payload = exactly(struct.unpack(">I", head[4:])[0])
    assert payload is not None
    if head[2] == 20:
        finish.append(struct.unpack(">I", payload)[0])
        return None
    assert head[2] == 17
    d = Delivery()
    (d.number, d.log, d.sequence, d.time, d.epoch, d.attempt, decoded, topic, source, d.protocol, d.kind, fixed) = (
        struct.unpack(">QQQQIIIHHBBH", payload[:52])
    )
    rest = payload[fixed:]
    d.flags, d.topic, d.source = head[3], rest[:topic].decode(), rest[topic : topic + source].decode()
    d.decoded, d.body = rest[topic + source :][:decoded], rest[topic + source + decoded :]
    return d


finish: "list[int]" = []


def note(path: str, text: object) -> None:
    """Appends a line, with one write."""
    with open(path, "a") as file:
        file.write("%s\n" % text)


def wait(path: str) -> None:
    while not os.path.exists(path):
        time.sleep(0.01)


def ack_all() -> None:
    while d := next():
        done((d.number, d.number))


def as_line(d: Delivery) -> str:
    """What `lines` would have shown, but for the time."""
    line: Dict[str, Any] = {"id": d.id, "topic": d.topic, "source": d.source, "protocol": PROTOCOLS[d.protocol]}
    line["attempt"] = d.attempt
    if d.flags & 1:
        line["redelivered"] = True
    try:
        line["body"] = d.body.decode()
    except UnicodeDecodeError:
        line["body64"] = base64.b64encode(d.body).decode()
    if d.kind:
        line[["", "syslog", "cloudevent"][d.kind]] = json.loads(d.decoded)
    return json.dumps(line)


def record(path: str) -> None:
    window(256)
    while d := next():
        note(path + ".log", "%d\t%s" % (os.getpid(), as_line(d)))
        done((d.number, d.number))
    note(path + ".end", "%d finish %d" % (os.getpid(), finish[0]))
    assert s.recv(1) == b""
    s.close()
    note(path + ".end", "%d end" % os.getpid())


if __name__ == "__main__":
    record(sys.argv[1])
