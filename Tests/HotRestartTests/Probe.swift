// SPDX-License-Identifier: Apache-2.0
/// This test program once more, as a process of its own in which only the suite named runs: what concerns a whole process
/// (its environment, its descriptors, its end) is tried there.
/// Invariant: a probe that hangs is killed and reported; it writes what it has found to descriptor 9.

import LinuxIO
import Testing

struct Probe {
    /// Set in probes alone; their suites are skipped elsewhere.
    static let variable = "BELFRY_PROBE"

    static func isRunning(_ suite: String) -> Bool { CurrentProcess.environment(variable) == suite }

    var request: LaunchRequest

    init(_ suite: String, environment: [String] = []) throws {
        request = LaunchRequest(
            path: try CurrentProcess.executable(),
            arguments: ["probe", "--testing-library", "swift-testing", "--filter", "HotRestartTests.\(suite)"],
            environment: environment + [
                "\(Self.variable)=\(suite)", "LD_LIBRARY_PATH=\(CurrentProcess.environment("LD_LIBRARY_PATH") ?? "")",
            ])
    }

    /// Starts it, with the descriptors under the names, and lets the body deal with it until it has written all it has to.
    func run(
        _ names: [String]? = nil, _ sources: [CInt] = [], meanwhile body: () throws -> Void = {}
    ) throws -> [String] {
        let pipe = try Descriptor.pipe()
        var request = request
        request.listenNames = names
        request.descriptors = sources.enumerated().map { ($0.element, CInt(3 + $0.offset)) } + [(pipe.writing.raw, 9)]
        let process = try LaunchPlan(request).launch()
        let reading = try pipe.reading.duplicate()
        Self.closeWriting(pipe)
        try body()
        let report = String(decoding: try File.read(reading.raw, limit: 10_000), as: UTF8.self)
        #expect(try Self.end(of: process) == .exited(0))
        return report.split(separator: "\n").map(String.init)
    }

    /// Otherwise the report would have no end.
    private static func closeWriting(_ pipe: consuming Pipe) { _ = pipe.takeReading() }

    static func end(of process: borrowing ProcessDescriptor) throws -> LinuxIO.ExitStatus? {
        if try !isReadable(process.raw) { process.send(Signal.kill) }
        return try isReadable(process.raw) ? process.reap() : nil
    }

    /// Waits for it, for half a minute at most.
    static func isReadable(_ raw: CInt) throws -> Bool {
        let poller = try Poller()
        try poller.add(raw, token: 0, events: .readable)
        return try poller.wait(timeoutNanoseconds: 30_000_000_000) == 1
    }

    /// For the probe: its report, line by line.
    static func report(_ lines: [String]) throws {
        let report = Descriptor(owning: 9)
        for line in lines { try File.write(report.raw, Array((line + "\n").utf8).span) }
    }
}
