// SPDX-License-Identifier: Apache-2.0
/// A service whose process does nothing: it hands its pipes or its socket to whoever launched it, and waits for the end.
/// So the launch is a real one and the kernel's buffers are real ones, but what the service reads and writes, and when,
/// is decided on the one thread that steps the worker.
///
/// Used by WorkerDrive; `hold` is what runs in the process.
/// Invariant: the socket's name is gone as soon as the process has connected.

import LinuxIO

final class HeldService {
    /// Where the service reads, and where it answers.
    let input: Descriptor
    let output: Descriptor

    /// A socket on which the process announces itself.
    struct Door: ~Copyable {
        let path: String
        private let listener: Descriptor

        init() throws {
            let folder = CurrentProcess.environment("TMPDIR") ?? "/tmp"
            path = "\(folder)/instruction-counts-\(CurrentProcess.pid)"
            listener = try Sockets.unixListen(path)
        }

        deinit { _ = try? File.remove(path) }

        /// The command of a service that hands over these descriptors of its own.
        func command(handing descriptors: CInt...) throws -> [String] {
            [try CurrentProcess.executable(), "hold", path] + descriptors.map(String.init)
        }

        /// Waits for the process, stepping what launches it.
        consuming func service(_ step: () throws -> Void) throws -> HeldService {
            let deadline = Clock.monotonic() + 20_000_000_000
            while Clock.monotonic() < deadline {
                try step()
                if case .accepted(let connection, _) = Sockets.accept(listener.raw) {
                    return try HeldService(consume connection)
                }
            }
            throw Fault("the service does not start")
        }
    }

    /// Open as long as the service is to live.
    private let connection: Descriptor

    private init(_ connection: consuming Descriptor) throws {
        try Descriptor.setNonBlocking(connection.raw, false)
        input = try Self.take(from: connection.raw)
        output = try Self.take(from: connection.raw)
        self.connection = connection
    }

    private static func take(from raw: CInt) throws -> Descriptor {
        var byte: [UInt8] = [0]
        guard case .packet(_, .some(let passed)) = SeqPacketChannel.receive(from: raw, into: &byte) else {
            throw Fault("the service does not hand over its descriptors")
        }
        try Descriptor.setNonBlocking(passed.raw)
        return passed
    }

    /// In the service's process.
    static func hold(path: String, descriptors: [CInt]) throws {
        let connection = try Sockets.unixConnect(path)
        let byte: [UInt8] = [1]
        for raw in descriptors { _ = Sockets.send(byte.span, to: connection.raw, passing: raw) }
        _ = try File.read(connection.raw, limit: 1)
    }
}
