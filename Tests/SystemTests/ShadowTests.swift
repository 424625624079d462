// SPDX-License-Identifier: Apache-2.0
/// What belfryd tells of itself in its file, and its shadow run: a broker of its own that must bring a canary through.

import LinuxIO
import Testing

@Suite("An executable of belfryd, before it may take over")
struct ShadowTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// What `belfry` makes of a file of settings: bytes, no text.
    private func image() throws -> [UInt8] {
        let result = try scratch.run(
            Executables.belfry, ["settings-image", try Broker.configure(scratch, [], "number: 0")])
        try #require(result.succeeded, "\(result.errors)")
        let output = LinuxIO.Directory.names(scratch.path).filter { $0.hasPrefix("belfry.out") }.max()
        return scratch.read(try #require(output))
    }

    /// `belfryd shadow`, as the supervisor starts it.
    private func shadow(
        _ environment: [String] = [], image: [UInt8]? = nil, in folder: String? = nil
    ) throws -> Program.Result {
        let bytes = try image ?? self.image()
        let settings = try MemoryFile.holding(bytes.span, named: "settings")
        return try Program(
            Executables.builtBelfryd, ["shadow", folder ?? scratch.file("shadow")], in: scratch,
            environment: environment, sockets: [("settings", settings.descriptor.raw)]
        ).wait()
    }

    private func expectNothingLeft() throws {
        _ = try scratch.poll("the end of all that it had started") {
            LeftOver.processes(of: scratch).isEmpty ? true : nil
        }
    }

    @Test("brings a canary through every protocol to every kind of service, and leaves nothing")
    func passes() throws {
        let result = try shadow()
        #expect(result.succeeded, "\(result.output)\(result.errors)")
        #expect(!scratch.exists("shadow"))
        try expectNothingLeft()
    }

    @Test("works in a folder that lies deeper than a socket's path may be long")
    func deep() throws {
        let deep = scratch.file(String(repeating: "d", count: 100))
        try LinuxIO.Directory.make(deep)
        let result = try shadow(in: "\(deep)/shadow")
        #expect(result.succeeded, "\(result.output)\(result.errors)")
        #expect(LinuxIO.Directory.names(deep).isEmpty)
    }

    @Test("that loses a message says which")
    func loses() throws {
        let result = try shadow(["BELFRY_FAULT=canary.lost:1"])
        #expect(result.status == .exited(1))
        #expect(
            result.output.contains("the canary that was sent over UDP did not reach the exec service"),
            "\(result.output)\(result.errors)")
        #expect(!scratch.exists("shadow"))
        try expectNothingLeft()
    }

    @Test("whose broker dies at its start says so")
    func brokerDies() throws {
        let result = try shadow(["BELFRY_FAULT=supervisor.role-launched:1"])
        #expect(result.status == .exited(1))
        #expect(result.output.contains("its broker ended at once (signal 9)"), "\(result.output)\(result.errors)")
        #expect(!scratch.exists("shadow"))
        try expectNothingLeft()
    }

    @Test("that is killed itself takes its broker with it, and the next one clears up")
    func killed() throws {
        let result = try shadow(["BELFRY_FAULT=shadow.canary-sent:1"])
        #expect(result.status == .signalled(9))
        try expectNothingLeft()
        #expect(try shadow().succeeded)
        #expect(!scratch.exists("shadow"))
    }

    @Test("that can't read the settings says so before it tries anything")
    func settings() throws {
        let result = try shadow([], image: Array("BLFRSET\u{63} and something else".utf8))
        #expect(result.status == .exited(1))
        #expect(result.output.contains("settings image: layout version 99"), "\(result.output)\(result.errors)")
    }

    @Test("tells its version as belfry does, and its layouts")
    func version() throws {
        let own = try scratch.run(Executables.builtBelfryd, ["--version"])
        let tool = try scratch.run(Executables.belfry, ["--version"])
        #expect(own.output.hasPrefix("belfryd " + tool.output.dropFirst("belfry ".count)), "\(own.output)\(own.errors)")
        #expect(own.output.contains("layouts: ring "))
    }

    @Test("is examined without being executed: digest and note out of the file")
    func examined() throws {
        let file = try File.openToExamine(Executables.builtBelfryd)
        let result = try Program(
            Executables.builtBelfryd, ["examine"], in: scratch, sockets: [("executable", file.raw)]
        ).wait()
        let sum = try scratch.run("sha256sum", [Executables.builtBelfryd])
        #expect(result.output.contains(try #require(sum.output.split(separator: " ").first)))
        let stranger = try File.openToExamine("/bin/sh")
        let refused = try Program(
            Executables.builtBelfryd, ["examine"], in: scratch, sockets: [("executable", stranger.raw)]
        ).wait()
        #expect(refused.status == .exited(1) && refused.output.contains("is not belfryd"))
    }
}

@Suite("The executable that runs")
struct RunningImageTests {
    @Test("is told by status: version and digest of the file, and whether another lies in its place")
    func status() throws {
        let scratch = try Scratch()
        let folder = scratch.file("bin")
        try LinuxIO.Directory.make(folder)
        for name in ["belfryd", "belfry"] {
            _ = try scratch.run("cp", ["\(Executables.folder)/\(name)", "\(folder)/\(name)"])
        }
        let broker = try Broker(scratch, services: [], executable: "\(folder)/belfryd")
        let sum = try scratch.run("sha256sum", ["\(folder)/belfryd"]).output.prefix(64)
        let first = try broker.belfry(["status", "--json"]).output
        #expect(first.contains(#""image":{"path":"\#(folder)/belfryd","version":"#), "\(first)")
        #expect(first.contains(#""sha256":"\#(sum)"},"replaced":false"#), "\(first)")
        try scratch.write("bin/new", "x")
        try File.rename("\(folder)/new", to: "\(folder)/belfryd")
        let second = try broker.belfry(["status", "--json"]).output
        #expect(second.contains(#""sha256":"\#(sum)"},"replaced":true"#), "\(second)")
        #expect(try broker.belfry(["status"]).output.contains("another file lies there by now"))
        try broker.stop()
    }
}
