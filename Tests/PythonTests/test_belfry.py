# SPDX-License-Identifier: Apache-2.0
"""The serving half of Examples/python/belfry.py against a peer that the test plays: the bytes of docs/protocol.md,
sections 8 and 10, are written out here a second time. SystemTests runs this file, and the client against a broker.

    python3 -m unittest discover Tests/PythonTests
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import unittest
from unittest import mock

CLIENT = pathlib.Path(__file__).resolve().parents[2] / "Examples" / "python"
sys.dont_write_bytecode = True
sys.path.insert(0, str(CLIENT))

import belfry  # noqa: E402

SECONDS = 20  # how long anything may be waited for


def frame(kind: int, payload: bytes, flags: int = 0) -> bytes:
    return struct.pack("!BBBBI", 0xB5, 1, kind, flags, len(payload)) + payload


def deliver(
    number: int, body: bytes = b"x", flags: int = 0, kind: int = 0, decoded: bytes = b"", more: bytes = b""
) -> bytes:
    topic, source = b"alerts.disk", b"127.0.0.1:5000"
    fixed = struct.pack(
        "!QQQQIIIHHBBH", number, 0xAB, number + 100, 1_700_000_000_123_456_789, 3, 2, len(decoded), len(topic),
        len(source), 4, kind, 52 + len(more),
    )  # fmt: skip
    return frame(17, fixed + more + topic + source + decoded + body, flags)


class FramesTests(unittest.TestCase):
    def setUp(self) -> None:
        self.peer, service = socket.socketpair()
        self.peer.settimeout(SECONDS)
        self.addCleanup(self.peer.close)
        self.unread = b""
        with mock.patch.dict(os.environ, BELFRY_FD=str(service.detach())):
            self.service = belfry.Service(window=7)
        self.addCleanup(self.service.close)
        self.assertEqual(self.read(), (16, struct.pack("!I", 7)))

    def read(self) -> tuple[int, bytes]:
        """The next frame that the service has sent; (0, b"") at its end."""
        while len(self.unread) < 8 or len(self.unread) < 8 + struct.unpack_from("!I", self.unread, 4)[0]:
            data = self.peer.recv(1 << 16)
            if not data:
                return 0, b""
            self.unread += data
        length = 8 + struct.unpack_from("!I", self.unread, 4)[0]
        head, self.unread = self.unread[:length], self.unread[length:]
        return head[2], head[8:]

    def all_of(self, *frames: bytes) -> list[belfry.Delivery]:
        self.peer.sendall(b"".join(frames) + frame(20, struct.pack("!I", 1000)))
        return list(self.service)

    def test_every_part_of_a_delivery_is_read(self) -> None:
        decoded = b'{"severity":"crit"}'
        (delivery,) = self.all_of(deliver(1, b"\xff body", flags=1, kind=1, decoded=decoded))
        self.assertEqual(delivery.id, "00000000000000ab-3-101")
        self.assertEqual((delivery.topic, delivery.source), ("alerts.disk", "127.0.0.1:5000"))
        self.assertEqual((delivery.protocol, delivery.attempt, delivery.redelivered), ("syslog", 2, True))
        self.assertEqual((delivery.syslog, delivery.cloudevent), ({"severity": "crit"}, None))
        self.assertEqual((delivery.body, delivery.text), (b"\xff body", "\ufffd body"))
        self.assertEqual(delivery.time.isoformat(), "2023-11-14T22:13:20.123456+00:00")

    def test_the_example_of_the_protocol_is_read(self) -> None:
        example = (
            "B5011100 0000005F 0000000000000001 0123456789ABCDEF 000000000000002A 18E9F2292445FA01 00000001 00000001"
            "00000000 0010 000F 01 00 0034 616C657274732E6469736B2E66756C6C 3132372E302E302E313A3530313232"
            "736461312061742039372025"
        )
        (delivery,) = self.all_of(bytes.fromhex(example))
        self.assertEqual(delivery.id, "0123456789abcdef-1-42")
        self.assertEqual((delivery.topic, delivery.text), ("alerts.disk.full", "sda1 at 97 %"))
        self.assertEqual((delivery.source, delivery.protocol), ("127.0.0.1:50122", "native"))
        self.assertEqual(delivery.time_ns % 1_000_000_000, 1)

    def test_what_a_later_version_adds_is_skipped(self) -> None:
        (delivery,) = self.all_of(frame(99, b"?"), deliver(1, b"body", more=b"new"))
        self.assertEqual((delivery.topic, delivery.body), ("alerts.disk", b"body"))

    def test_frames_may_be_cut_anywhere(self) -> None:
        whole = deliver(1, b"one") + deliver(2, b"two") + frame(20, bytes(4))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            found = pool.submit(lambda: [delivery.body for delivery in self.service])
            for index in range(len(whole)):
                self.peer.sendall(whole[index : index + 1])
            self.assertEqual(found.result(SECONDS), [b"one", b"two"])

    def test_acks_go_together_as_ranges_once_there_is_nothing_more_to_hand_out(self) -> None:
        def loop() -> None:
            for delivery in self.service:
                delivery.ack()

        self.peer.sendall(b"".join(deliver(number) for number in (1, 3, 2, 9, 6, 5)))
        with mock.patch.object(belfry.Service, "PATIENCE", SECONDS), concurrent.futures.ThreadPoolExecutor() as pool:
            looping = pool.submit(loop)
            self.assertEqual(self.read(), (18, struct.pack("!QQQQQQ", 1, 3, 5, 6, 9, 9)))
            self.peer.shutdown(socket.SHUT_WR)
            looping.result(SECONDS)

    def test_an_answer_after_the_end_goes_at_once(self) -> None:
        for number, delivery in enumerate(self.all_of(deliver(1), deliver(2)), start=1):
            delivery.ack()
            self.assertEqual(self.read(), (18, struct.pack("!QQ", number, number)))

    def test_a_failure_has_its_kind_and_its_reason(self) -> None:
        first, second = self.all_of(deliver(1), deliver(2))
        first.fail("no\npaper")
        second.fail("é" * 5000, dead=True)
        self.assertEqual(self.read(), (19, struct.pack("!QB", 1, 0) + b"no paper"))
        self.assertEqual(self.read(), (19, struct.pack("!QB", 2, 1) + ("é" * 2048).encode()))

    def test_the_first_answer_counts(self) -> None:
        (delivery,) = self.all_of(deliver(1))
        delivery.ack()
        delivery.fail("too late")
        self.service.close()
        self.assertEqual([self.read(), self.read()], [(18, struct.pack("!QQ", 1, 1)), (0, b"")])

    def test_another_thread_may_answer_while_the_first_waits(self) -> None:
        handed_out: list[belfry.Delivery] = []
        has_one = threading.Event()

        def loop() -> None:
            for delivery in self.service:
                handed_out.append(delivery)
                has_one.set()

        with concurrent.futures.ThreadPoolExecutor() as pool:
            looping = pool.submit(loop)
            self.peer.sendall(deliver(1))
            self.assertTrue(has_one.wait(SECONDS))
            handed_out[0].ack()
            self.assertEqual(self.read(), (18, struct.pack("!QQ", 1, 1)))
            self.peer.shutdown(socket.SHUT_WR)
            looping.result(SECONDS)

    def test_a_stream_of_something_else_is_an_error(self) -> None:
        self.peer.sendall(b"HTTP/1.1 200 OK\r\n")
        with self.assertRaises(belfry.BelfryError):
            list(self.service)

    def test_a_delivery_whose_parts_do_not_fit_is_an_error(self) -> None:
        self.peer.sendall(frame(17, deliver(1)[8:60]))
        with self.assertRaises(belfry.BelfryError):
            list(self.service)

    def test_the_end_of_belfry_ends_the_iteration_and_no_answer_raises(self) -> None:
        self.peer.sendall(deliver(1) + deliver(2))
        coming = iter(self.service)
        first = next(coming)
        self.peer.close()
        with self.assertLogs("belfry"):
            first.ack()
            for other in coming:
                other.ack()

    def test_serve_acks_what_returns_and_fails_what_raises(self) -> None:
        def handle(delivery: belfry.Delivery) -> None:
            if delivery.body == b"dead":
                raise belfry.Dead("no such user")
            if delivery.body == b"retry":
                raise OSError("disk full")
            if delivery.body == b"own":
                delivery.fail("own words")

        bodies = (b"fine", b"dead", b"retry", b"own")
        frames = [deliver(number, body) for number, body in enumerate(bodies, start=1)]
        self.peer.sendall(b"".join(frames) + frame(20, bytes(4)))
        with mock.patch.object(belfry, "Service", lambda _: self.service), self.assertLogs("belfry"):
            belfry.serve(handle)
        answers = []
        while (answer := self.read())[0]:
            answers.append(answer)
        self.assertEqual(sorted(answers), sorted([
            (18, struct.pack("!QQ", 1, 1)), (19, struct.pack("!QB", 2, 1) + b"no such user"),
            (19, struct.pack("!QB", 3, 0) + b"OSError: disk full"), (19, struct.pack("!QB", 4, 0) + b"own words"),
        ]))  # fmt: skip


class ProgramTests(unittest.TestCase):
    """Whole programs, over pipes as a service has them."""

    def start(self, text: str, frames: socket.socket | None = None) -> subprocess.Popen[bytes]:
        environment = dict(os.environ, PYTHONPATH=str(CLIENT), PYTHONDONTWRITEBYTECODE="1", BELFRY_SERVICE="test")
        descriptors = []
        if frames is not None:
            environment["BELFRY_FD"] = str(frames.fileno())
            descriptors = [frames.fileno()]
        program = subprocess.Popen(
            [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment, pass_fds=descriptors,
        )  # fmt: skip
        self.addCleanup(program.wait, SECONDS)
        self.addCleanup(program.kill)
        for pipe in (program.stdin, program.stdout, program.stderr):
            assert pipe is not None
            self.addCleanup(pipe.close)
        return program

    @staticmethod
    def line(number: int, **words: object) -> bytes:
        members = {"id": f"ab-1-{number}", "topic": "a.b", "source": "s", "protocol": "text", "attempt": 1}
        time = {"time": "2026-11-21T03:36:25.000000001Z"}
        return json.dumps(members | time | words).encode() + b"\n"

    def test_lines_are_answered_until_stdin_ends(self) -> None:
        program = self.start(
            "import belfry\n"
            "for delivery in belfry.deliveries():\n"
            "    if delivery.body == b'body 1': delivery.ack()\n"
            "    elif delivery.body == bytes([255]): delivery.fail('two\\nlines', dead=True)\n"
            "    else: delivery.fail()\n"
        )
        lines = self.line(1, body="body 1") + self.line(2, body64="/w==") + self.line(3, body="", redelivered=True)
        output, errors = program.communicate(lines, SECONDS)
        self.assertEqual(output, b"ok ab-1-1\nfail ab-1-2 dead two lines\nfail ab-1-3 retry \n", errors)
        self.assertEqual(program.returncode, 0)

    def test_what_the_program_and_its_children_print_goes_to_the_log(self) -> None:
        program = self.start(
            "import belfry, subprocess\n"
            "def handle(delivery):\n"
            "    print('printed', flush=True)\n"
            "    subprocess.run(['cat'], check=True)\n"
            "    subprocess.run(['echo', 'echoed'], check=True)\n"
            "belfry.serve(handle)\n"
        )
        output, errors = program.communicate(self.line(1, body="") + self.line(2, body=""), SECONDS)
        self.assertEqual(output, b"ok ab-1-1\nok ab-1-2\n", errors)
        self.assertEqual(errors, b"printed\nechoed\n" * 2)

    def test_what_is_no_delivery_ends_the_program_with_a_reason(self) -> None:
        program = self.start("import belfry\nbelfry.serve(print)")
        output, errors = program.communicate(b"{}\n", SECONDS)
        self.assertNotEqual(program.returncode, 0)
        self.assertIn(b"is no delivery", errors)
        self.assertEqual(output, b"")

    def test_sigterm_finishes_what_is_open(self) -> None:
        peer, service = socket.socketpair()
        self.addCleanup(peer.close)
        peer.settimeout(SECONDS)
        program = self.start(
            "import belfry, os\n"
            "def handle(delivery):\n"
            "    print(delivery.text, flush=True)\n"
            "    if delivery.text == 'first': os.read(0, 1)\n"
            "belfry.serve(handle)\n",
            service,
        )
        service.close()
        peer.sendall(deliver(1, b"first") + deliver(2) + deliver(3))
        assert program.stdin is not None and program.stdout is not None
        self.assertEqual(program.stdout.readline(), b"first\n")
        program.send_signal(signal.SIGTERM)
        program.stdin.write(b"x")
        program.stdin.flush()
        self.assertEqual(program.wait(SECONDS), 0)
        said = b""
        while data := peer.recv(1 << 16):
            said += data
        self.assertIn(frame(16, bytes(4)), said)
        self.assertEqual(self.done(said), {1, 2, 3})

    @staticmethod
    def done(said: bytes) -> set[int]:
        numbers: set[int] = set()
        while said:
            length = struct.unpack_from("!I", said, 4)[0]
            if said[2] == 18:
                for first, last in struct.iter_unpack("!QQ", said[8 : 8 + length]):
                    numbers.update(range(first, last + 1))
            said = said[8 + length :]
        return numbers


if __name__ == "__main__":
    unittest.main()
