// SPDX-License-Identifier: Apache-2.0
/// Processes known by their descriptor: their end, and signals to them.

import Glibc
import LinuxIO
import Testing

@Suite("A process descriptor")
struct ProcessDescriptorTests {
    @Test("brings the exit code", arguments: [0, 1, 75, 255] as [CInt])
    func exitCode(code: CInt) throws { #expect(try Shell("exit \(code)").run().status == .exited(code)) }

    @Test("brings the signal that ended the process")
    func signal() throws { #expect(try Shell("kill -TERM $$").run().status == .signalled(SIGTERM)) }

    @Test("brings nothing while the process runs, its end once, and takes no signal afterwards")
    func running() throws {
        let process = try LaunchPlan(Shell("exec sleep 60").request).launch()
        #expect(process.reap() == nil)
        #expect(process.send(SIGKILL) == true)
        #expect(try end(of: process) == .signalled(SIGKILL))
        #expect(process.reap() == nil)
        #expect(process.send(SIGKILL) == false)
    }

    @Test("ends a whole process group, grandchildren included")
    func group() throws {
        let pipe = try Descriptor.pipe()
        var request = Shell("sleep 60 & echo started; wait").request
        request.descriptors = [(pipe.writing.raw, 1)]
        let process = try LaunchPlan(request).launch()
        let reading = try pipe.keepReading()
        let buffer = ByteBuffer(limit: 100)
        #expect(buffer.receive(from: reading.raw) == .bytes(8))
        #expect(process.sendToGroup(SIGKILL) == true)
        #expect(try end(of: process) == .signalled(SIGKILL))
        // The end of the pipe comes only when the grandchild, which held it too, is gone.
        try waitUntilReadable(reading.raw)
        #expect(buffer.receive(from: reading.raw) == .closed)
    }
}
