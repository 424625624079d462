// SPDX-License-Identifier: Apache-2.0
/// A service manager as far as sd_notify(3) goes: a socket to which belfryd tells its readiness.
/// Invariant: its path is gone with it; it waits for half a minute at most.

import Glibc
import LinuxIO
import Testing

final class ServiceManager {
    let folder: String
    private let socket: Descriptor
    /// For the environment of the process that is to tell.
    var variable: String { "NOTIFY_SOCKET=\(folder)/notify" }

    init() throws {
        folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-notify-")
        socket = Descriptor(owning: Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("\(folder)/notify".utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket.raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
    }

    deinit {
        _ = try? File.remove("\(folder)/notify")
        try? Directory.remove(folder)
    }

    /// The next message. A barrier holds until its descriptor is closed: while the body runs, it is open.
    func next(_ body: () throws -> Void = {}) throws -> String {
        try #require(try Deadline.after().wait(on: socket.raw), "nothing was told to the service manager")
        var buffer = [UInt8](repeating: 0, count: 4096)
        switch SeqPacketChannel.receive(from: socket.raw, into: &buffer) {
        case .packet(let count, let descriptor):
            try body()
            _ = consume descriptor
            return String(decoding: buffer.prefix(count), as: UTF8.self)
        default:
            Issue.record("the socket of the service manager gives no message")
            return ""
        }
    }
}
