#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sender for Belfry's native protocol (docs/protocol.md), in one file, with the standard library only.

    with BelfrySender("127.0.0.1", 2355) as sender:
        sender.publish("alerts.disk.full", "sda1 at 97 %")   # does not wait
        sender.flush()                                       # returns when the broker has accepted everything

or from a shell:  python3 belfry.py send --topic alerts.disk.full "sda1 at 97 %"

The sender names itself and numbers its notifications, so that what it sends again after a broken connection is taken
only once. It is not meant to be shared by threads.
"""

from __future__ import annotations

import argparse
import collections
import random
import re
import secrets
import select
import socket
import struct
import sys
import time
from typing import Deque, Dict, Iterable, List, Optional, Tuple, Union

MAGIC, VERSION = 0xB5, 1
HELLO, WELCOME, PUBLISH, ACK, ERROR = 1, 2, 3, 4, 5
HEADER = struct.Struct("!BBBBI")
OVERHEAD = 512
REASONS = (
    "full too-large bad-frame unknown-type unknown-version bad-topic reserved-topic line-too-long truncated "
    "tls http mqtt timed-out bad-type"
).split()
# Reasons for which the broker ends a connection that a new connection may cure.
PASSING = ("full", "truncated", "timed-out")
TOPIC = re.compile(rb"[A-Za-z0-9_%-]+(\.[A-Za-z0-9_%-]+)*")


class BelfryError(Exception):
    """The broker can't be reached in time, or does not speak this protocol, or ended the stream for good."""


class Refusal:
    """One notification that the broker did not take."""

    def __init__(self, number: int, code: int, sentence: str) -> None:
        self.number = number
        self.code = code
        self.reason = REASONS[code - 1] if 0 < code <= len(REASONS) else f"code {code}"
        self.sentence = sentence

    def __str__(self) -> str:
        return f"{self.reason}: {self.sentence}"


class PublishRefused(BelfryError):
    """Some notifications were refused; all others that were published before are accepted."""

    def __init__(self, refusals: List[Refusal]) -> None:
        super().__init__("; ".join(f"notification {refusal.number}: {refusal}" for refusal in refusals))
        self.refusals = refusals


class _Lost(Exception):
    """The connection is gone; a new one may be tried."""


def _frame(kind: int, payload: bytes) -> bytes:
    return HEADER.pack(MAGIC, VERSION, kind, 0, len(payload)) + payload


def _publish_frame(number: int, topic: str, body: Union[bytes, str]) -> bytes:
    name = topic.encode()
    if len(name) > 255 or not TOPIC.fullmatch(name):
        raise ValueError(f"{topic!r} is no topic: tokens of A-Z a-z 0-9 _ % -, dots between them, 255 bytes at most")
    data = body.encode() if isinstance(body, str) else bytes(body)
    return _frame(PUBLISH, struct.pack("!QH", number, len(name)) + name + data)


def publish_datagram(host: str, port: int, topic: str, body: Union[bytes, str]) -> None:
    """Sends one notification by UDP: quick, never answered, and lost if nobody or nothing takes it."""
    frame = _publish_frame(1, topic, body)
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as datagrams:
        datagrams.sendto(frame, address)


class BelfrySender:
    """A connection to the broker that survives being broken.

    sender_id: 16 bytes that no other sender that runs at the same time uses; random if left out. Who gives the id of
    an earlier run goes on with its numbers.
    timeout: how long connecting, publishing and flushing may be stuck, in seconds, before BelfryError is raised; None
    tries for ever. What is unanswered then stays pending: a later flush goes on.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 2355,
        sender_id: Optional[bytes] = None,
        timeout: Optional[float] = None,
        window: int = 4 << 20,
    ) -> None:
        if sender_id is not None and (len(sender_id) != 16 or not any(sender_id)):
            raise ValueError("a sender id has 16 bytes, not all of them zero")
        self.host, self.port = host, port
        self.sender_id = sender_id or secrets.token_bytes(16)
        self.timeout = timeout
        self.max_message: Optional[int] = None
        self._window = window
        self._socket: Optional[socket.socket] = None
        self._pending: Deque[Tuple[int, bytes]] = collections.deque()  # not acked, in order
        self._pending_bytes = 0
        self._last_number = 0
        self._refusals: Dict[int, Refusal] = {}
        self._output = bytearray()
        self._input = bytearray()

    def __enter__(self) -> BelfrySender:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self.close()

    @property
    def pending(self) -> int:
        """How many notifications the broker has not answered yet."""
        return len(self._pending)

    def publish(self, topic: str, body: Union[bytes, str]) -> int:
        """Sends a notification without waiting for its ack, and returns its number.

        It waits only for the first connection, and while more than the window is unanswered.
        """
        deadline = self._deadline()
        if self.max_message is None:  # not known before the first WELCOME, and the next number neither
            self._until(lambda: self._socket is not None, deadline)
        frame = _publish_frame(self._last_number + 1, topic, body)
        size = len(frame) - HEADER.size - 10 - len(topic)
        if self.max_message is not None and size > self.max_message:
            raise ValueError(f"a body of {size} bytes is over the broker's port.max-message of {self.max_message}")
        self._until(lambda: self._pending_bytes < self._window, deadline)
        self._last_number += 1
        self._pending.append((self._last_number, frame))
        self._pending_bytes += len(frame)
        number = self._last_number
        if self._socket is not None:
            self._output += frame
            self._step()
        return number

    def flush(self, timeout: Optional[float] = None) -> None:
        """Returns when everything published is accepted. Raises PublishRefused if some of it was refused."""
        self._until(lambda: not self._pending, self._deadline(timeout))
        if self._refusals:
            refusals = [self._refusals[number] for number in sorted(self._refusals)]
            self._refusals.clear()
            raise PublishRefused(refusals)

    def publish_udp(self, topic: str, body: Union[bytes, str]) -> None:
        """Sends a notification by UDP to the same host and port: never acked, never sent again."""
        publish_datagram(self.host, self.port, topic, body)

    def close(self) -> None:
        """Closes the connection. What is not flushed may or may not have been taken."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    # The one loop: connect if need be, send what there is to send, read what there is to read.

    def _deadline(self, timeout: Optional[float] = None) -> Optional[float]:
        timeout = self.timeout if timeout is None else timeout
        return None if timeout is None else time.monotonic() + timeout

    def _until(self, is_done, deadline: Optional[float]) -> None:
        pause, reason = 0.05, "no answer"
        while not is_done():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise BelfryError(f"{self.host} port {self.port}: given up: {reason}{self._unanswered()}")
            try:
                if self._socket is None:
                    self._connect(left)
                else:
                    self._exchange(left)
                pause = 0.05
            except (OSError, _Lost) as error:
                self.close()
                reason = getattr(error, "strerror", None) or str(error)
                wait = pause * random.uniform(0.5, 1.5)
                time.sleep(wait if left is None else min(wait, left))
                pause = min(pause * 2, 2.0)

    def _unanswered(self) -> str:
        return f"; not accepted so far: {self.pending}" if self.pending else ""

    def _step(self) -> None:
        try:
            self._exchange(0)
        except (OSError, _Lost):
            self.close()  # the next flush, or a full window, connects again

    def _connect(self, timeout: Optional[float]) -> None:
        """Connects, says who we are, hears what was taken, and puts the rest out to be sent again."""
        limit = 10.0 if timeout is None else min(timeout, 10.0)
        connection = socket.create_connection((self.host, self.port), timeout=limit)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(_frame(HELLO, self.sender_id))
            self._input = bytearray()
            while True:
                frame = self._next_frame()
                if frame is not None:
                    break
                data = connection.recv(1 << 16)
                if not data:
                    raise _Lost("the broker closed the connection")
                self._input += data
            kind, payload = frame
            if kind == ERROR:
                self._take(kind, payload)
            if kind != WELCOME or len(payload) < 12:
                raise BelfryError("the broker did not answer HELLO with WELCOME")
            last_accepted, self.max_message = struct.unpack_from("!QI", payload)
            connection.setblocking(False)
        except BaseException:
            connection.close()
            raise
        self._socket = connection
        self._last_number = max(self._last_number, last_accepted)
        self._settle(last_accepted)
        self._output = bytearray(b"".join(frame for _, frame in self._pending))

    def _exchange(self, timeout: Optional[float]) -> None:
        """Waits until the connection can be read (or written, if there is something to write), and does so once."""
        connection = self._socket
        assert connection is not None
        poll = select.poll()
        poll.register(connection, select.POLLIN | (select.POLLOUT if self._output else 0))
        events = poll.poll(None if timeout is None else max(0, timeout) * 1000)
        ready = events[0][1] if events else 0
        if ready & select.POLLOUT:
            with memoryview(self._output) as output:
                sent = connection.send(output[: 1 << 18])
            del self._output[:sent]
        if ready & ~select.POLLOUT:
            data = connection.recv(1 << 16)
            self._input += data
            while (frame := self._next_frame()) is not None:
                self._take(*frame)
            if not data:
                raise _Lost("the broker closed the connection")

    def _next_frame(self) -> Optional[Tuple[int, bytes]]:
        if len(self._input) < HEADER.size:
            return None
        magic, version, kind, _, length = HEADER.unpack_from(self._input)
        if magic != MAGIC or version != VERSION or length > 1 << 20:
            raise BelfryError("what answers there does not speak version 1 of Belfry's native protocol")
        if len(self._input) < HEADER.size + length:
            return None
        payload = bytes(self._input[HEADER.size : HEADER.size + length])
        del self._input[: HEADER.size + length]
        return kind, payload

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == ACK and len(payload) >= 8:
            self._settle(struct.unpack_from("!Q", payload)[0])
        elif kind == ERROR and len(payload) >= 10:
            number, code = struct.unpack_from("!QH", payload)
            refusal = Refusal(number, code, payload[10:].decode(errors="replace"))
            if number:
                self._refusals[number] = refusal
            elif refusal.reason in PASSING:
                raise _Lost(str(refusal))
            else:
                raise BelfryError(str(refusal))
        # A type that this version does not know is skipped, as the protocol asks.

    def _settle(self, number: int) -> None:
        while self._pending and self._pending[0][0] <= number:
            self._pending_bytes -= len(self._pending.popleft()[1])


def _address(text: str) -> Tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _bodies(arguments: argparse.Namespace) -> Iterable[bytes]:
    if arguments.lines:
        return (line.rstrip(b"\n") for line in sys.stdin.buffer)
    if arguments.body == "-":
        return [sys.stdin.buffer.read()]
    return [arguments.body.encode(errors="surrogateescape")]


def _arguments(words: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="belfry.py", description="Sends notifications to Belfry.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    send = verbs.add_parser("send", help="send BODY, or stdin if it is -, and return when it is accepted")
    send.add_argument("--to", type=_address, default=("127.0.0.1", 2355), metavar="HOST:PORT")
    send.add_argument("--topic", required=True)
    send.add_argument("--udp", action="store_true", help="by UDP, without an answer")
    send.add_argument("--lines", action="store_true", help="each line of stdin is a notification")
    send.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="give up after (30)")
    send.add_argument("body", nargs="?", default="-", metavar="BODY|-")
    return parser.parse_args(words)


def main(words: Optional[List[str]] = None) -> int:
    arguments = _arguments(words)
    host, port = arguments.to
    try:
        if arguments.udp:
            for body in _bodies(arguments):
                publish_datagram(host, port, arguments.topic, body)
        else:
            with BelfrySender(host, port, timeout=arguments.timeout) as sender:
                for body in _bodies(arguments):
                    sender.publish(arguments.topic, body)
    except (BelfryError, OSError, ValueError) as error:
        print(f"belfry.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
