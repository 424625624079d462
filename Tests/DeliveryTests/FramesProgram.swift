// SPDX-License-Identifier: Apache-2.0
/// Programs that are services with framing `frames`, in Python, written by the bytes of docs/protocol.md alone.
///
/// Used by the tests of such services; what a program does is its test's own affair.
/// Invariant: it shares no code with what is tested.

import Settings

extension Settings.Service {
    /// A service that speaks frames; its program begins with the helpers below.
    static func frames(_ program: String, change: (inout Self) -> Void = { _ in }) -> Self {
        stream("") {
            $0.framing = .frames
            $0.command = ["/usr/bin/python3", "-c", framesHelpers + program]
            change(&$0)
        }
    }

    private static let framesHelpers = #"""
        import os, socket, struct, sys, time
        s = socket.socket(fileno=int(os.environ["BELFRY_FD"]))
        OUT = os.environ["OUT"] + "/"
        def frame(kind, payload): return b"\xb5\x01" + bytes([kind, 0]) + struct.pack(">I", len(payload)) + payload
        def send(kind, payload): s.sendall(frame(kind, payload))
        def window(n): send(16, struct.pack(">I", n))
        def done(*pairs): send(18, b"".join(struct.pack(">QQ", *p) for p in pairs))
        def fail(n, kind=0, reason=b""): send(19, struct.pack(">QB", n, kind) + reason)
        def note(name, text):
            with open(OUT + name, "a") as f: f.write(str(text) + "\n")
        def wait(name):
            while not os.path.exists(OUT + name): time.sleep(0.01)
        def exactly(n):
            data = b""
            while len(data) < n:
                more = s.recv(n - len(data))
                if not more: return None
                data += more
            return data
        class Delivery: pass
        # The next delivery; None for FINISH, and an exit at the end of the stream.
        def next():
            head = exactly(8)
            if head is None: sys.exit(0)
            assert head[:2] == b"\xb5\x01"
            payload = exactly(struct.unpack(">I", head[4:])[0])
            if head[2] == 20: return None
            assert head[2] == 17
            d = Delivery()
            (d.number, d.log, d.sequence, d.time, d.epoch, d.attempt, decoded, topic, source, d.protocol, d.kind,
                fixed) = struct.unpack(">QQQQIIIHHBBH", payload[:52])
            rest = payload[fixed:]
            d.flags, d.topic, d.source = head[3], rest[:topic].decode(), rest[topic:topic + source].decode()
            d.decoded, d.body = rest[topic + source:][:decoded], rest[topic + source + decoded:]
            return d
        def ack_all():
            while d := next(): done((d.number, d.number))

        """#
}
