// SPDX-License-Identifier: Apache-2.0
/// A control server on a path of its own, driven by hand, for the tests of what comes in there.
/// Invariant: its answers repeat the line; `later` is answered later, `file` with a descriptor, and a locked client's only
/// right token is `open`.

import Control
import LinuxIO
import Reactor

@testable import Supervision

final class ControlBench {
    let folder: String
    let path: String
    let server: ControlServer
    let loop: EventLoop
    /// Every line, in the order in which they were served.
    private(set) var served: [String] = []
    private(set) var waiting: ControlTicket?
    /// Whether the last turn was for the listener.
    var isAccepting = false
    /// Some descriptor to give away.
    private let listener: Descriptor

    init(telnet: TelnetListener? = nil, accept: @escaping (CInt) -> AcceptResult = Sockets.accept) throws {
        // A client that has gone is an error, and no more.
        Signal.ignoreBrokenPipes()
        folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-control-")
        path = "\(folder)/run/control.sock"
        server = ControlServer(path: path, telnet: telnet, accept: accept)
        loop = try EventLoop()
        listener = try Descriptor.duplicate(2)
    }

    deinit {
        server.close(loop)
        _ = try? File.remove(path)
        try? Directory.remove("\(folder)/run")
        try? Directory.remove(folder)
    }

    /// Serves until the client has something to read, or the end.
    func answer(to client: borrowing Descriptor) throws -> String {
        try Descriptor.setNonBlocking(client.raw)
        let buffer = ByteBuffer(limit: 1 << 20)
        let deadline = Clock.monotonic() + 10_000_000_000
        while Clock.monotonic() < deadline {
            switch buffer.receive(from: client.raw) {
            case .bytes, .closed: return buffer.withReadable { bytes in text(bytes) }
            case .wouldBlock: try turn()
            case .full, .failed: return "?"
            }
        }
        return "nothing came"
    }

    func turn() throws {
        try loop.wait(until: Clock.monotonic() + 100_000_000)
        while let event = loop.nextEvent() {
            if event.subject.kind == ControlServer.listener {
                isAccepting = true
                server.acceptAll(Int(event.subject.index), loop)
            } else {
                server.serve(Int(event.subject.index), loop) { line, asker in
                    served.append(text(line))
                    switch text(line) {
                    case "open" where asker.isLocked: return .unlocked(Array("<in>\n".utf8))
                    case _ where asker.isLocked: return .now(Array("<out>\n".utf8))
                    case "bye": return .last(Array("<bye>\n".utf8))
                    case "later":
                        waiting = asker.ticket
                        return .later
                    case "file": return .withDescriptor(Array("<file>\n".utf8), listener.raw)
                    default: return .now(Array("<\(text(line))>\n".utf8))
                    }
                }
            }
        }
        while let due = loop.nextDue() {
            if due.kind == ControlServer.pause { server.resume(loop) }
        }
    }
}

func text(_ bytes: Span<UInt8>) -> String { String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }

func send(_ words: String, to client: borrowing Descriptor) throws {
    try File.write(client.raw, Array(words.utf8).span)
}

final class Holder {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
