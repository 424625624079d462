// SPDX-License-Identifier: Apache-2.0
/// Descriptors by name, handed to a new process by our own launcher. The new process is this test program once more: in it
/// only InheritProbe runs, which adopts what it was given and writes what it found to descriptor 9.

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

    /// Runs the probe in a process that inherits the sources under the names.
    private func probe(_ names: [String]?, _ sources: [CInt], environment: [String] = []) throws -> [String] {
        let pipe = try Descriptor.pipe()
        var request = LaunchRequest(
            path: try CurrentProcess.executable(),
            arguments: ["probe", "--testing-library", "swift-testing", "--filter", "HotRestartTests.InheritProbe"])
        request.environment = environment + ["BELFRY_INHERIT_PROBE=1", "LD_LIBRARY_PATH=\(libraryPath)"]
        request.listenNames = names
        request.descriptors = sources.enumerated().map { ($0.element, CInt(3 + $0.offset)) } + [(pipe.writing.raw, 9)]
        request.parentDeathSignal = nil
        let process = try LaunchPlan(request).launch()
        let reading = try reading(of: pipe)
        let report = String(decoding: try File.read(reading.raw, limit: 10_000), as: UTF8.self)
        let poller = try Poller()
        try poller.add(process.raw, token: 0, events: .readable)
        if try poller.wait(timeoutNanoseconds: 30_000_000_000) == 0 { process.send(Signal.kill) }
        #expect(process.reap() == .exited(0))
        return report.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    }

    private var libraryPath: String { CurrentProcess.environment("LD_LIBRARY_PATH") ?? "" }

    private func reading(of pipe: consuming Pipe) throws -> Descriptor { try pipe.reading.duplicate() }
}

@Suite(
    "The probe that runs in the new process", .enabled(if: CurrentProcess.environment("BELFRY_INHERIT_PROBE") != nil))
struct InheritProbe {
    @Test("writes what it found")
    func run() throws {
        let report = Descriptor(owning: 9)
        for line in lines() { try File.write(report.raw, Array((line + "\n").utf8).span) }
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
