// SPDX-License-Identifier: Apache-2.0
/// An update whose executable never says anything of its trial: the one failure that takes its whole time limit, and so is
/// a suite of its own, beside which the others run.
/// Invariant: what was accepted is delivered once, and the next update works.

import LinuxIO
import Testing

@Suite("An update that hangs in its trial")
struct HangingUpdateTests {
    private let scratch: Scratch
    private let broker: Broker
    private let recorder: Recorder

    /// The trial stands still when it has started its broker: once.
    init() throws {
        scratch = try Scratch()
        recorder = try Recorder.stream("recorder", in: scratch)
        broker = try Broker(
            scratch, services: [recorder.service("\">\"", "in-flight: 64")], settings: "update: { probation: 200ms }",
            environment: FaultMark.environment(.shadowBrokerStarted, passing: 1, stops: true, in: scratch),
            executable: Executables.builtBelfryd)
    }

    private func send(_ body: String) throws {
        let sent = try broker.belfry(["send", "--to", "127.0.0.1:\(broker.port)", "--topic", "a", body])
        #expect(sent.succeeded, "\(sent.errors)")
    }

    /// Processes that run from that build.
    private func processes(of build: OtherBuild) -> [CInt] {
        LeftOver.pids(of: scratch).filter { (try? File.linkTarget("/proc/\($0)/exe")) == build.path }
    }

    @Test("is refused when its time is over: nothing of it is left, the old one serves on, and the next update works")
    func hangs() throws {
        let build = try OtherBuild(scratch)
        let pid = try broker.status().pid
        let update = try Program(
            Executables.belfry, ["--control", broker.control, "update", "--json", build.path], in: scratch)
        _ = try scratch.poll("the trial to stand still") { FaultMark(scratch: scratch).isThere ? true : nil }
        _ = try scratch.poll("its broker") { processes(of: build).count > 1 ? true : nil }
        try send("meanwhile")
        try recorder.wait(for: 1)
        let result = try update.wait(until: .after(.seconds(90)))
        #expect(result.status == .exited(1))
        #expect(result.output.contains(#"{"verdict":"refused""#), "\(result.output)\n\(broker.program.errors)")
        #expect(result.errors.contains("\(build.path): was not done after 35 s"), "\(result.errors)")
        #expect(try broker.status().pid == pid)
        #expect(!scratch.exists("state/shadow"))
        _ = try scratch.poll("the end of all that ran from it") { processes(of: build).isEmpty ? true : nil }
        #expect(try broker.belfry(["update", build.path]).succeeded, "\(broker.program.errors)")
        try broker.follow()
        try send("after")
        #expect(Set(try recorder.wait(for: 2).map(\.text)) == ["meanwhile", "after"])
        try broker.stop()
    }

    @Test("a change that was asked for meanwhile is told to ask again, as soon as another belfryd takes over")
    func change() throws {
        let build = try OtherBuild(scratch)
        let update = try Program(Executables.belfry, ["--control", broker.control, "update", build.path], in: scratch)
        _ = try scratch.poll("the trial to stand still") { FaultMark(scratch: scratch).isThere ? true : nil }
        let reload = try Program(Executables.belfry, ["--control", broker.control, "reload"], in: scratch)
        _ = try scratch.poll("the reload") { broker.program.errors.contains("reload asked for") ? true : nil }
        _ = try scratch.poll("the trial to go on") {
            for pid in processes(of: build) { _ = try? ProcessDescriptor(pid: pid).send(Signal.resume) }
            return update.output.contains("shadow") ? true : nil
        }
        #expect(try update.wait().succeeded, "\(broker.program.errors)")
        let told = try reload.wait()
        #expect(told.status == .exited(1) && told.errors.contains("a new belfryd is taking over"), "\(told.errors)")
        try broker.follow()
        #expect(try broker.belfry(["reload"]).succeeded)
        try broker.stop()
    }
}
