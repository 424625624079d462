#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Belfry for Python programs, in one file, with the standard library only: to send notifications, and to be a service.

Send (docs/protocol.md, section 3); the sender is not meant to be shared by threads:

    with BelfrySender("127.0.0.1", 2355) as sender:
        sender.publish("alerts.disk.full", "sda1 at 97 %")   # does not wait
        sender.flush()                                       # returns when the broker has accepted everything

or from a shell:  python3 belfry.py send --topic alerts.disk.full "sda1 at 97 %"

Serve (sections 8 and 10), as the command of a service with `mode: stream`; `framing: lines` and `framing: frames` are
told apart by themselves. With a function that is called for each notification:

    belfry.serve(lambda delivery: print(delivery.topic, delivery.text))

or with a loop of one's own, where each delivery is answered when that suits:

    for delivery in belfry.deliveries():
        if store(delivery.body):
            delivery.ack()
        else:
            delivery.fail("the disk is full")
"""

from __future__ import annotations

import argparse
import base64
import collections
import contextlib
import dataclasses
import datetime
import json
import logging
import os
import random
import re
import secrets
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = [
    "BelfryError", "BelfrySender", "Dead", "Delivery", "PublishRefused", "Refusal", "Service",
    "deliveries", "publish_datagram", "serve",
]  # fmt: skip

MAGIC, VERSION = 0xB5, 1
HELLO, WELCOME, PUBLISH, ACK, ERROR = 1, 2, 3, 4, 5
WINDOW, DELIVER, DONE, FAIL, FINISH = 16, 17, 18, 19, 20
HEADER = struct.Struct("!BBBBI")
DELIVERY = struct.Struct("!QQQQIIIHHBBH")
REASONS = (
    "full too-large bad-frame unknown-type unknown-version bad-topic reserved-topic line-too-long truncated "
    "tls http mqtt timed-out bad-type ending"
).split()
# Reasons for which the broker ends a connection that a new connection may cure.
PASSING = ("full", "truncated", "timed-out")
PROTOCOLS = ("", "native", "json", "cloudevents", "syslog", "text")
TOPIC = re.compile(rb"[A-Za-z0-9_%-]+(\.[A-Za-z0-9_%-]+)*")
LOG = logging.getLogger("belfry")


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

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__("; ".join(f"notification {refusal.number}: {refusal}" for refusal in refusals))
        self.refusals = refusals


class _Lost(Exception):
    """The connection is gone; a new one may be tried."""


def _frame(kind: int, payload: bytes) -> bytes:
    return HEADER.pack(MAGIC, VERSION, kind, 0, len(payload)) + payload


def _publish_frame(number: int, topic: str, body: bytes | str) -> bytes:
    name = topic.encode()
    if len(name) > 255 or not TOPIC.fullmatch(name):
        raise ValueError(f"{topic!r} is no topic: tokens of A-Z a-z 0-9 _ % -, dots between them, 255 bytes at most")
    data = body.encode() if isinstance(body, str) else bytes(body)
    return _frame(PUBLISH, struct.pack("!QH", number, len(name)) + name + data)


def publish_datagram(host: str, port: int, topic: str, body: bytes | str) -> None:
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
        sender_id: bytes | None = None,
        timeout: float | None = None,
        window: int = 4 << 20,
    ) -> None:
        if sender_id is not None and (len(sender_id) != 16 or not any(sender_id)):
            raise ValueError("a sender id has 16 bytes, not all of them zero")
        self.host, self.port = host, port
        self.sender_id = sender_id or secrets.token_bytes(16)
        self.timeout = timeout
        self.max_message: int | None = None
        self._window = window
        self._socket: socket.socket | None = None
        self._pending: collections.deque[tuple[int, bytes]] = collections.deque()  # not acked, in order
        self._pending_bytes = 0
        self._last_number = 0
        self._refusals: dict[int, Refusal] = {}
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

    def publish(self, topic: str, body: bytes | str) -> int:
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

    def flush(self, timeout: float | None = None) -> None:
        """Returns when everything published is accepted. Raises PublishRefused if some of it was refused."""
        self._until(lambda: not self._pending, self._deadline(timeout))
        if self._refusals:
            refusals = [self._refusals[number] for number in sorted(self._refusals)]
            self._refusals.clear()
            raise PublishRefused(refusals)

    def publish_udp(self, topic: str, body: bytes | str) -> None:
        """Sends a notification by UDP to the same host and port: never acked, never sent again."""
        publish_datagram(self.host, self.port, topic, body)

    def close(self) -> None:
        """Closes the connection. What is not flushed may or may not have been taken."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    # The one loop: connect if need be, send what there is to send, read what there is to read.

    def _deadline(self, timeout: float | None = None) -> float | None:
        timeout = self.timeout if timeout is None else timeout
        return None if timeout is None else time.monotonic() + timeout

    def _until(self, is_done: Callable[[], bool], deadline: float | None) -> None:
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

    def _connect(self, timeout: float | None) -> None:
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

    def _exchange(self, timeout: float | None) -> None:
        """Waits until the connection can be read (or written, if there is something to write), and does so once."""
        connection = self._socket
        assert connection is not None
        poll = select.poll()
        poll.register(connection, select.POLLIN | (select.POLLOUT if self._output else 0))
        events = poll.poll(None if timeout is None else max(0, timeout) * 1000)
        ready = events[0][1] if events else 0
        if ready & ~select.POLLOUT:  # first: a connection that can't be written any more may have said why
            data = connection.recv(1 << 16)
            self._input += data
            while (frame := self._next_frame()) is not None:
                self._take(*frame)
            if not data:
                raise _Lost("the broker closed the connection")
        if ready & select.POLLOUT:
            with memoryview(self._output) as output:
                sent = connection.send(output[: 1 << 18])
            del self._output[:sent]

    def _next_frame(self) -> tuple[int, bytes] | None:
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


class Dead(Exception):
    """Raised by the function that serve() calls: not done, and no retry will help."""


@dataclasses.dataclass(slots=True, eq=False)
class Delivery:
    """A notification that was delivered to this service. It wants one answer, ack() or fail(), from any thread.

    Delivery is at least once: after a crash between the work and its answer the same id comes again.
    """

    id: str  # the same at each redelivery
    topic: str
    source: str  # the sender's address and port
    protocol: str  # native, json, cloudevents, syslog or text
    time_ns: int  # when Belfry received it, nanoseconds since 1970
    attempt: int  # 1 at the first delivery
    redelivered: bool  # a delivery of it may have been made before
    body: bytes
    syslog: dict[str, Any] | None = None  # what was decoded, for this protocol
    cloudevent: dict[str, Any] | None = None
    answered: bool = False
    _key: int | str = dataclasses.field(default=0, repr=False)  # how the channel names it
    _answer: Callable[[Delivery, _Answer], None] | None = dataclasses.field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 become U+FFFD."""
        return self.body.decode(errors="replace")

    @property
    def time(self) -> datetime.datetime:
        """When Belfry received it, in UTC, to the microsecond."""
        seconds, rest = divmod(self.time_ns, 1_000_000_000)
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).replace(microsecond=rest // 1000)

    def ack(self) -> None:
        """Done: it is never delivered again. After another answer this does nothing."""
        if self._answer is not None:
            self._answer(self, _Answer(self._key))

    def fail(self, reason: str = "", dead: bool = False) -> None:
        """Not done. It is delivered again as the service's retry policy says, or never if it is dead.

        reason: words for the operator, shown in the broker's reports. After another answer this does nothing.
        """
        if self._answer is not None:
            self._answer(self, _Answer(self._key, True, dead, " ".join(reason.split())))


@dataclasses.dataclass(slots=True)
class _Answer:
    key: int | str
    failed: bool = False
    dead: bool = False
    reason: str = ""

    def words(self, limit: int) -> bytes:
        """The reason in so many bytes at most, cut between characters."""
        return self.reason.encode(errors="replace")[:limit].decode(errors="ignore").encode()


class _Lines:
    """`framing: lines`: a line of JSON for each delivery, a line of text for each answer."""

    greeting = farewell = b""

    def __init__(self) -> None:
        # stdin and stdout are Belfry's alone: what this program or its children read is empty, what they print goes
        # to the log.
        sys.stdout.flush()
        self.reader, self.writer = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(2, 1)
        os.close(null)
        self.finished = False
        self._input = bytearray()

    def feed(self, data: bytes) -> list[Delivery]:
        end = data.rfind(b"\n")
        if end < 0:
            self._input += data
            return []
        lines = bytes(self._input + data[:end]).split(b"\n")
        self._input = bytearray(data[end + 1 :])
        return [self._delivery(line) for line in lines]

    @staticmethod
    def _delivery(line: bytes) -> Delivery:
        try:
            words = json.loads(line)
            body = words["body"].encode() if "body" in words else base64.b64decode(words["body64"])
            return Delivery(
                words["id"], words["topic"], words["source"], words["protocol"], _nanoseconds(words["time"]),
                words["attempt"], words.get("redelivered", False), body, words.get("syslog"), words.get("cloudevent"),
                _key=words["id"],
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BelfryError(f"what came on stdin is no delivery: {line[:80]!r}") from error

    @staticmethod
    def encode(answers: list[_Answer]) -> bytes:
        lines = []
        for answer in answers:
            words = f"{'fail' if answer.failed else 'ok'} {answer.key}"
            if answer.failed:
                words += " dead " if answer.dead else " retry "
            # 4096 bytes with the newline; an id is far shorter than the rest of what is left for it.
            lines.append(words.encode() + answer.words(4000) + b"\n")
        return b"".join(lines)


def _nanoseconds(text: str) -> int:
    """`2026-11-21T03:36:25.000000001Z`, all nine digits of it."""
    moment = datetime.datetime.fromisoformat(text[:19]).replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp()) * 1_000_000_000 + int(text[20:29])


class _Frames:
    """`framing: frames`: the binary protocol on the socket that BELFRY_FD names."""

    farewell = _frame(WINDOW, struct.pack("!I", 0))

    def __init__(self, descriptor: int, window: int) -> None:
        os.set_inheritable(descriptor, False)
        self.reader = self.writer = descriptor
        self.greeting = _frame(WINDOW, struct.pack("!I", window))
        self.finished = False
        self._input = bytearray()

    def feed(self, data: bytes) -> list[Delivery]:
        self._input += data
        found, start = [], 0
        while len(self._input) >= start + HEADER.size:
            magic, version, kind, flags, length = HEADER.unpack_from(self._input, start)
            if magic != MAGIC or version != VERSION:
                raise BelfryError("what came on the socket is not version 1 of Belfry's frames")
            end = start + HEADER.size + length
            if len(self._input) < end:
                break
            if kind == DELIVER:
                found.append(self._delivery(bytes(self._input[start + HEADER.size : end]), flags))
            elif kind == FINISH:
                self.finished = True
            start = end  # frames of other types are skipped
        del self._input[:start]
        return found

    @staticmethod
    def _delivery(payload: bytes, flags: int) -> Delivery:
        try:
            (number, log, sequence, time_ns, epoch, attempt, decoded_bytes, topic_bytes, source_bytes,
             protocol, kind, fixed) = DELIVERY.unpack_from(payload)  # fmt: skip
            source = fixed + topic_bytes
            decoded = source + source_bytes
            body = decoded + decoded_bytes
            if fixed < DELIVERY.size or body > len(payload):
                raise ValueError("its parts are longer than the frame")
            known = json.loads(payload[decoded:body]) if decoded_bytes else None
            return Delivery(
                f"{log:016x}-{epoch}-{sequence}", payload[fixed:source].decode(), payload[source:decoded].decode(),
                PROTOCOLS[protocol] if protocol < len(PROTOCOLS) else str(protocol), time_ns, attempt, bool(flags & 1),
                payload[body:], known if kind == 1 else None, known if kind == 2 else None, _key=number,
            )  # fmt: skip
        except (struct.error, ValueError) as error:
            raise BelfryError(f"a DELIVER frame can't be read: {error}") from error

    @staticmethod
    def encode(answers: list[_Answer]) -> bytes:
        ranges: list[list[int]] = []
        for number in sorted(int(answer.key) for answer in answers if not answer.failed):
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1][1] = number
            else:
                ranges.append([number, number])
        frames = []
        for start in range(0, len(ranges), 256):
            frames.append(_frame(DONE, b"".join(struct.pack("!QQ", *pair) for pair in ranges[start : start + 256])))
        for answer in answers:
            if answer.failed:
                frames.append(_frame(FAIL, struct.pack("!QB", answer.key, answer.dead) + answer.words(4096)))
        return b"".join(frames)


class Service:
    """This process as a service: iterate over it for the deliveries, answer each, and close it (or use `with`).

    The iteration ends when Belfry says that nothing more comes (the end of stdin, or FINISH), at SIGTERM, or when
    Belfry is gone. What has come until then is still handed out, so that it can be answered; a second SIGTERM ends the
    process at once. Answers are sent together: when there is nothing more to hand out, or after a few milliseconds.

    Only one thread may iterate, only the main thread is told of SIGTERM; any thread may answer, until close().
    window: with `framing: frames`, how many deliveries this process takes open at once; `in-flight` bounds it too.
    """

    PATIENCE = 0.005  # seconds that an answer may wait for others to go with it

    def __init__(self, window: int = 1024) -> None:
        self.name = os.environ.get("BELFRY_SERVICE", "")
        descriptor = os.environ.pop("BELFRY_FD", None)  # not for this program's children
        try:
            self._channel: _Lines | _Frames = _Lines() if descriptor is None else _Frames(int(descriptor), window)
        except (OSError, ValueError) as error:
            raise BelfryError(f"BELFRY_FD={descriptor}: {error}") from error
        self._lock = threading.Lock()
        self._answers: list[_Answer] = []  # given, and not sent yet
        self._oldest = 0.0
        self._is_waiting = False  # nobody will come by soon to send answers
        self._is_over = False
        self._is_gone = False
        self._say(self._channel.greeting)

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Delivery]:
        try:
            with self._stop_requests() as stop:
                while not self._is_over:
                    for delivery in self._receive(stop):
                        delivery._answer = self._take
                        yield delivery
                        with self._lock:
                            self._send_if_due()
        finally:
            with self._lock:
                self._send()
                self._is_waiting = True  # answers that other threads still owe go out as they come

    def close(self) -> None:
        """Sends the answers that were given, and tells Belfry that no others come."""
        with self._lock:
            self._send()
            if not self._is_gone:
                os.close(self._channel.reader)
                if self._channel.writer != self._channel.reader:
                    os.close(self._channel.writer)
            self._is_over = self._is_gone = True

    # Receiving: what there is, once there is something.

    def _receive(self, stop: int) -> list[Delivery]:
        with self._lock:
            self._send()
            self._is_waiting = True
        try:
            ready = self._wait(self._channel.reader, stop)
        finally:
            with self._lock:
                self._is_waiting = False
        if stop not in ready:
            return self._read()
        # Nothing more is wanted, but what is on its way may be among what Belfry counts as open.
        with self._lock:
            self._say(self._channel.farewell)
        found = []
        while not self._is_over and self._wait(self._channel.reader, timeout=0):
            found += self._read()
        self._is_over = True
        return found

    @staticmethod
    def _wait(*descriptors: int, timeout: int | None = None) -> list[int]:
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        return [descriptor for descriptor, _ in poll.poll(timeout)]

    def _read(self) -> list[Delivery]:
        try:
            data = os.read(self._channel.reader, 1 << 18)
        except BlockingIOError:
            return []
        except ConnectionResetError:
            data = b""
        found = self._channel.feed(data)
        if not data or self._channel.finished:
            self._is_over = True
        return found

    @contextlib.contextmanager
    def _stop_requests(self) -> Iterator[int]:
        """A descriptor that is readable once SIGTERM has come. A handler of the program's own is left alone."""
        reader, writer = os.pipe()
        is_ours = threading.current_thread() is threading.main_thread()
        is_ours = is_ours and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

        def stop(*_: object) -> None:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.write(writer, b"x")

        if is_ours:
            signal.signal(signal.SIGTERM, stop)
        try:
            yield reader
        finally:
            if is_ours:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.close(reader)
            os.close(writer)

    # Answering; all of it under the lock.

    def _take(self, delivery: Delivery, answer: _Answer) -> None:
        with self._lock:
            if delivery.answered:
                return
            delivery.answered = True
            if not self._answers:
                self._oldest = time.monotonic()
            self._answers.append(answer)
            if self._is_waiting:
                self._send()
            else:
                self._send_if_due()

    def _send_if_due(self) -> None:
        if self._answers and time.monotonic() - self._oldest > self.PATIENCE:
            self._send()

    def _send(self) -> None:
        answers, self._answers = self._answers, []
        if answers and self._is_gone:
            LOG.warning("Belfry is gone: what was answered too late may be delivered again (%d)", len(answers))
        elif answers:
            self._say(self._channel.encode(answers))

    def _say(self, data: bytes) -> None:
        left = memoryview(data)
        while left and not self._is_gone:
            try:
                left = left[os.write(self._channel.writer, left) :]
            except BlockingIOError:
                select.select([], [self._channel.writer], [])
            except (BrokenPipeError, ConnectionResetError):
                self._is_over = self._is_gone = True
                LOG.warning("Belfry is gone: the last answers may not have reached it")


def deliveries(window: int = 1024) -> Iterator[Delivery]:
    """What is delivered to this service, until there is nothing more to come; then, or at a `break`, all is closed."""
    service = Service(window)  # now, and not at the first step: from here on print() goes to the log

    def each() -> Iterator[Delivery]:
        with service:
            yield from service

    return each()


def serve(handle: Callable[[Delivery], object], window: int = 1024) -> None:
    """Calls `handle` for each delivery, and returns when there is nothing more to come.

    Its return acks the delivery, Dead fails it for good, and any other exception, which is logged, fails it to be tried
    again; unless it has answered the delivery itself.
    """
    for delivery in deliveries(window):
        try:
            handle(delivery)
        except Dead as error:
            delivery.fail(str(error), dead=True)
        except Exception as error:
            LOG.exception("%s failed", delivery.id)
            delivery.fail(f"{type(error).__name__}: {error}")
        else:
            delivery.ack()


def _address(text: str) -> tuple[str, int]:
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


def _arguments(words: list[str] | None) -> argparse.Namespace:
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


def main(words: list[str] | None = None) -> int:
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
