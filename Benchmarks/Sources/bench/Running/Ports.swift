// SPDX-License-Identifier: Apache-2.0
/// Fresh loopback ports for brokers.
///
/// Used by Stage.
/// Invariant: a port was free for TCP and UDP a moment ago, lies below those that the kernel gives to outgoing connections,
/// and is given out once in a run of the benchmark, so that closed connections of an earlier broker are not in the way.

import Glibc

final class Ports {
    private var next = Int.random(in: 12_000..<28_000)

    func fresh() throws -> Int {
        for _ in 0..<1000 {
            next = next >= 31_000 ? 12_000 : next + 1
            if Self.isFree(next, SOCK_STREAM), Self.isFree(next, SOCK_DGRAM) { return next }
        }
        throw Trouble("no free port between 12000 and 31000")
    }

    /// Whether somebody accepts connections there.
    static func answers(_ port: Int) -> Bool {
        unsafe with(port, SOCK_STREAM) { descriptor, address, length in unsafe connect(descriptor, address, length) == 0
        }
    }

    /// Sends a few bytes, by UDP or over a connection of their own: a message without a number, to warm up.
    static func send(_ text: String, to port: Int, _ type: __socket_type) throws {
        let bytes = Array(text.utf8)
        let isSent = unsafe with(port, type) { descriptor, address, length in
            unsafe connect(descriptor, address, length) == 0 && write(descriptor, bytes, bytes.count) == bytes.count
        }
        guard isSent else { throw Trouble("nobody took a message at port \(port)") }
    }

    static func isFree(_ port: Int, _ type: __socket_type) -> Bool {
        unsafe with(port, type) { descriptor, address, length in unsafe bind(descriptor, address, length) == 0 }
    }

    private static func with(
        _ port: Int, _ type: __socket_type, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Bool {
        let descriptor = socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Holds: sockaddr_in begins as sockaddr does, and the length is its own.
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body(descriptor, $0, length) }
        }
    }
}
