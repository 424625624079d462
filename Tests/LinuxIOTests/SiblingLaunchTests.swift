// SPDX-License-Identifier: Apache-2.0
/// A launch as a sibling. It needs a launcher whose parent we know: this test program once more, in which only
/// SiblingProbe runs, started by this test or by a shell.

import LinuxIO
import Testing

@Suite("A program launched as a sibling")
struct SiblingLaunchTests {
    @Test("is a child of the launcher's parent, outlives the launcher, and is its parent's to reap")
    func parent() throws {
        let pipe = try Descriptor.pipe()
        var request = try Self.launcher()
        request.environment.append("BELFRY_SIBLING_SCRIPT=echo $PPID $$; exec sleep 60 >&-")
        request.descriptors = [(pipe.writing.raw, 9)]
        let launcher = try LaunchPlan(request).launch()
        let reading = try pipe.keepReading()
        let told = String(decoding: try File.read(reading.raw, limit: 1000), as: UTF8.self)
        let words = told.split(whereSeparator: \.isWhitespace)
        #expect(try end(of: launcher) == .exited(0))
        #expect(words.first == "\(CurrentProcess.pid)")
        let sibling = try ProcessDescriptor(pid: try #require(words.dropFirst().first.flatMap { CInt($0) }))
        #expect(sibling.send(Signal.kill) == true)
        #expect(try end(of: sibling) == .signalled(Signal.kill))
    }

    @Test("that can't be started is told to the launcher")
    func failure() throws {
        var shell = Shell("\"$0\" \"$@\" 9>&1; exit $?")
        let request = try Self.launcher()
        shell.request.arguments += [request.path] + request.arguments.dropFirst()
        shell.request.environment += request.environment
        #expect(try shell.lines().contains("command: no such file or directory"))
    }

    /// A process that launches BELFRY_SIBLING_SCRIPT as its sibling, with its own descriptor 9 as the standard output.
    private static func launcher() throws -> LaunchRequest {
        let library = "LD_LIBRARY_PATH=\(CurrentProcess.environment("LD_LIBRARY_PATH") ?? "")"
        return LaunchRequest(
            path: try CurrentProcess.executable(),
            arguments: ["probe", "--testing-library", "swift-testing", "--filter", "LinuxIOTests.SiblingProbe"],
            environment: ["BELFRY_SIBLING_PROBE=1", library])
    }
}

@Suite(
    "The launcher of a sibling", .enabled(if: CurrentProcess.environment("BELFRY_SIBLING_PROBE") != nil))
struct SiblingProbe {
    @Test("launches it and ends")
    func run() throws {
        let output = Descriptor(owning: 9)
        var request = Shell(CurrentProcess.environment("BELFRY_SIBLING_SCRIPT") ?? "").request
        if CurrentProcess.environment("BELFRY_SIBLING_SCRIPT") == nil { request.path = "/nonexistent/command" }
        request.descriptors = [(output.raw, 1)]
        request.asSibling = true
        let plan = try LaunchPlan(request)
        do throws(LaunchError) {
            let sibling = try plan.launch()
            // It runs, or has ended; it is not ours to reap.
            #expect(sibling.reap() == nil)
        } catch {
            try File.write(output.raw, bytes("\(error)\n").span)
        }
    }
}
