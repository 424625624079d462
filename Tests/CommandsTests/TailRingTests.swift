// SPDX-License-Identifier: Apache-2.0
/// What a tail makes of the descriptor that comes over the control socket: a ring, or a clear word.

import Control
import LinuxIO
import Testing

@testable import Commands

@Suite("What a tail is given to read")
struct TailRingTests {
    /// The client's end, with an answer on its way that carries `raw`.
    private func client(passing raw: CInt, _ body: (ControlClient) throws -> Void) throws {
        let folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-tail-")
        let path = folder + "/socket"
        defer {
            _ = try? File.remove(path)
            try? Directory.remove(folder)
        }
        let listener = try Sockets.unixListen(path)
        let client = try ControlClient(path: path)
        guard case .accepted(let accepted, _) = Sockets.accept(listener.raw) else { throw Failure("no client") }
        _ = Sockets.send(Array("ok\n".utf8).span, to: accepted.raw, passing: raw)
        try body(client)
    }

    @Test("may be a ring that it can't write to")
    func ring() throws {
        let ring = try SmallRing()
        try ring.withReader { reader in
            try client(passing: reader) { client in
                let observer = try TailVerb.observer(from: client)
                #expect(observer.logID == SmallRing.logID)
            }
        }
    }

    @Test("is not mapped if it could shrink under the mapping")
    func ordinaryFile() throws {
        let pipe = try Descriptor.pipe()
        try client(passing: pipe.reading.raw) { client in
            #expect(throws: Failure("what belfryd sent is no ring: its size is not sealed")) {
                try TailVerb.observer(from: client)
            }
        }
    }

    @Test("is not read if it is something else")
    func noRing() throws {
        let file = try MemoryFile(named: "other", size: 8192)
        try client(passing: file.descriptor.raw) { client in
            #expect(throws: Failure.self) { try TailVerb.observer(from: client) }
        }
    }

    @Test("has to be there")
    func nothing() throws {
        try client(passing: -1) { client in
            #expect(throws: Failure("belfryd sent no ring to read; is it of another version?")) {
                try TailVerb.observer(from: client)
            }
        }
    }
}
