// SPDX-License-Identifier: Apache-2.0
/// What becomes of the processes and folders of a test run that is killed.

import LinuxIO
import Testing

@Suite("Behind a test run that was killed")
struct AftermathTests {
    @Test("the belfryd that has taken over is ended, and the folder is removed")
    func end() throws {
        var aftermath: Aftermath? = try Aftermath()
        let scratch = try Scratch()
        try aftermath?.include(scratch.path)
        let broker = try Broker(scratch, services: [])
        #expect(try broker.restart().succeeded)
        // As the end of its process does, this ends what the shell reads.
        aftermath = nil
        #expect(try broker.generations.first?.wait() == .signalled(Signal.kill))
        let isGone: Bool = try scratch.poll("the end of the folder") { File.exists(scratch.path) ? nil : true }
        #expect(isGone)
    }
}
