// SPDX-License-Identifier: Apache-2.0
/// Descriptors by name, handed to a new process by our own launcher. In it InheritProbe adopts what it was given.

import Glibc
import HotRestart
import LinuxIO
import Testing

@Suite("Inherited descriptors")
struct InheritedDescriptorsTests {
    @Test(
        "come by name and kind, whatever their order",
        arguments: [["port", "port", "bell"], ["bell", "port", "port"]])
    func byName(names: [String]) throws {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: 0))
        let udp = try Sockets.udp(address)
        let tcp = try Sockets.tcp(address)
        let bell = try EventCounter()
        let sources = names.first == "bell" ? [bell.raw, tcp.raw, udp.raw] : [udp.raw, tcp.raw, bell.raw]
        let report = try probe(names, sources)
        #expect(
            report == [
                "udp \(try SocketFacts.name(of: udp.raw)?.description ?? "")",
                "tcp \(try SocketFacts.name(of: tcp.raw)?.description ?? "")",
                "bell true", "left ", "finish ok", "closed on exec true", "again ",
            ])
    }

    @Test("that nobody wants are named, and what is missing is too")
    func unexpected() throws {
        let bell = try EventCounter()
        let report = try probe(["stranger", "stranger"], [bell.raw, bell.raw])
        #expect(
            report == [
                "udp ", "tcp ", "bell false", "left stranger,stranger",
                "finish unexpected inherited descriptors: stranger, stranger", "closed on exec true", "again ",
            ])
    }

    @Test("are none in a process that was given none")
    func none() throws {
        let report = try probe(nil, [])
        #expect(report.prefix(4) == ["udp ", "tcp ", "bell false", "left "])
    }

    @Test("that are wrong in the environment are an error, not a crash")
    func garbage() throws {
        let report = try probe(nil, [], environment: ["LISTEN_PID=garbage", "LISTEN_FDS=1"])
        #expect(report == ["LISTEN_FDS, LISTEN_FDNAMES: invalid argument"])
    }

    private func probe(_ names: [String]?, _ sources: [CInt], environment: [String] = []) throws -> [String] {
        try Probe("InheritProbe", environment: environment).run(names, sources)
    }
}

@Suite("The probe that runs in the new process", .enabled(if: Probe.isRunning("InheritProbe")))
struct InheritProbe {
    @Test("writes what it found")
    func run() throws {
        try Probe.report(lines())
    }

    private func lines() -> [String] {
        do throws(InheritError) {
            let inherited = try InheritedDescriptors.adopt()
            let onExec = inherited.names.indices.allSatisfy { fcntl(CInt(3 + $0), F_GETFD) == FD_CLOEXEC }
            let udp = text(inherited.take("port", .udp))
            let tcp = text(inherited.take("port", .tcpListener))
            let bell = isThere(inherited.take("bell"))
            return [
                "udp \(udp)", "tcp \(tcp)", "bell \(bell)", "left \(inherited.names.joined(separator: ","))",
                "finish \(finish(inherited))", "closed on exec \(onExec)",
                "again \(try InheritedDescriptors.adopt().names.joined(separator: ","))",
            ]
        } catch {
            return [error.description]
        }
    }

    private func finish(_ inherited: InheritedDescriptors) -> String {
        do throws(InheritError) {
            try inherited.finish()
            return "ok"
        } catch {
            return error.description
        }
    }

    private func text(_ socket: consuming Descriptor?) -> String {
        guard let socket else { return "" }
        return (try? SocketFacts.name(of: socket.raw)?.description) ?? ""
    }

    private func isThere(_ descriptor: consuming Descriptor?) -> Bool {
        switch descriptor {
        case .some: true
        case .none: false
        }
    }
}
